"""What texts of a profile must look like, in words for humans and as patterns for editors."""

import re
from typing import Annotated, LiteralString

from pydantic import AfterValidator, BaseModel, ConfigDict, WithJsonSchema
from pydantic_core import PydanticCustomError

from builder.profile.snapshot import MOMENT, moment, told
from builder.redaction import private_part


class Section(BaseModel):
    """A mapping of a profile: of these keys and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _matching(
    pattern: str, meaning: str, kind: LiteralString = "form"
) -> tuple[AfterValidator, WithJsonSchema]:
    """Annotations of a text that must match; ``meaning`` completes "'TEXT' …" for a human.

    Of the kind ``address`` the text is shown without what is secret in it.
    """

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise PydanticCustomError(kind, "{reason}", {"reason": meaning})
        return text

    return AfterValidator(check), WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


def _moment(text: str) -> str:
    try:
        return told(moment(text))
    except ValueError as error:
        raise PydanticCustomError("form", "{reason}", {"reason": str(error)}) from error


def _public(address: str) -> str:
    if reason := private_part(address):
        meaning = f"is not for everybody: {reason}"
        raise PydanticCustomError("address", "{reason}", {"reason": meaning})
    return address


_PACKAGE = _matching(
    # Debian's policy manual, 5.6.7; RPM's names have capitals and underscores, too.
    r"[A-Za-z0-9][A-Za-z0-9+._-]+",
    "is not the name of a package: letters, digits, '+', '-', '.', '_'",
)
MIRROR_ADDRESS = r"https?://[A-Za-z0-9._~:/%+\[\]-]+"
"""What diskimage-builder's shell scripts take for one word."""
_MIRROR = _matching(
    MIRROR_ADDRESS,
    "is not a mirror: write an http:// or https:// address without a password",
    "address",
)

SNAPSHOT_ADDRESS = r"https?://([A-Za-z0-9._~:/%+\[\]-]|\{at\}|\{date\})+"
_SNAPSHOT = _matching(
    SNAPSHOT_ADDRESS,
    "is not a snapshot: write an http:// or https:// address without a password, with {at} or"
    " {date} where the moment stands in it",
    "address",
)

PackageName = Annotated[str, *_PACKAGE]
MirrorAddress = Annotated[str, *_MIRROR]
SnapshotAddress = Annotated[str, *_SNAPSHOT]
PublicMirror = Annotated[str, AfterValidator(_public), *_MIRROR]
Moment = Annotated[
    str,
    AfterValidator(_moment),
    WithJsonSchema({"type": "string", "pattern": MOMENT}),
]
