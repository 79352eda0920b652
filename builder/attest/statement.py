"""Statements about an image: who has signed what of which file.

Sources: the in-toto attestation framework, spec/v1 (statement, resource descriptor), and its
predicates test-result v0.1; SLSA's provenance v1. Its consumers pass over fields that they do not
know; SLSA asks producers to name theirs ``VENDOR_FIELD``, as ``guestimage_evidence`` is.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from securesystemslib.dsse import Envelope

from builder.attest.canonical import to_text
from builder.attest.envelope import PAYLOAD_TYPE
from builder.attest.key import Attester
from builder.store.sections import BootRecord, Evidence, ImageFile, Observed

STATEMENT = "https://in-toto.io/Statement/v1"
PROVENANCE = "https://slsa.dev/provenance/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
FILES = "guest-image-builder:files/v1"
"""Files as their writer has left them; our own, as in-toto has none for it."""

Json = Mapping[str, object]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)


class Descriptor(_Part):
    """What a statement is about, or refers to."""

    name: str = ""
    digest: dict[str, str] = {}

    @property
    def sha256(self) -> str:
        """In hex; empty where there is none."""
        return self.digest.get("sha256", "")


class Statement(_Part):
    """A signed statement, as it was read."""

    type: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: Annotated[tuple[Descriptor, ...], Field(min_length=1)]
    """The image first."""
    predicate_type: str = Field(alias="predicateType")
    predicate: dict[str, Any]  # Any: JSON

    @property
    def image_sha256(self) -> str:
        """Of the image that it is about."""
        return self.subject[0].sha256


class Records(_Part):
    """The records in a test result, as the manifest has them."""

    evidence: tuple[Evidence, ...] = Field((), alias="guestimage_evidence")
    boots: tuple[BootRecord, ...] = Field((), alias="guestimage_boots")
    observations: tuple[Observed, ...] = Field((), alias="guestimage_observations")


def statement(
    image: ImageFile, predicate_type: str, predicate: Json, *others: Json
) -> dict[str, object]:
    """A statement about an image, and about ``others`` beside it."""
    return {
        "_type": STATEMENT,
        "subject": [descriptor(image.name, image.sha256), *others],
        "predicateType": predicate_type,
        "predicate": predicate,
    }


def descriptor(name: str, sha256: str) -> Json:
    """A file, or a part of one, by its digest."""
    return {"name": name, "digest": {"sha256": sha256}}


def descriptors(digests: Mapping[str, str]) -> Sequence[Json]:
    """The same of several, by their names."""
    return [descriptor(name, digest) for name, digest in digests.items()]


def sign(content: Json, attester: Attester) -> Envelope:
    """The statement in an envelope that the attester has signed."""
    payload = to_text(content).encode()
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(attester.signer)
    return envelope


def read(envelope: Envelope) -> Statement:
    """The statement in an envelope. Raises ``ValueError`` for what is none."""
    if envelope.payload_type != PAYLOAD_TYPE:
        raise ValueError(f"it has no statement, but {envelope.payload_type}")
    try:
        return Statement.model_validate_json(envelope.payload)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def files_of(content: Statement) -> tuple[Descriptor, ...]:
    """What a statement of the type ``FILES`` tells of; nothing where it has another shape."""
    return _descriptors(content.predicate.get("files"))


def byproducts_of(content: Statement) -> tuple[Descriptor, ...]:
    """What else a provenance tells of besides its subjects; nothing where it has another shape."""
    details = content.predicate.get("runDetails")
    return _descriptors(details.get("byproducts") if isinstance(details, dict) else None)


def result_of(content: Statement) -> Records:
    """The records in a test result; none where it has another shape, as other programs' have."""
    try:
        return Records.model_validate(content.predicate)
    except ValidationError:
        return Records.model_validate({})


def _descriptors(value: object) -> tuple[Descriptor, ...]:
    try:
        return _DESCRIPTORS.validate_python(value)
    except ValidationError:
        return ()


_DESCRIPTORS = TypeAdapter(tuple[Descriptor, ...])
