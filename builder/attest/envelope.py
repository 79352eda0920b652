"""Envelopes of signed statements (DSSE), and bundles of them: one envelope a line.

Sources: the DSSE specification (secure-systems-lab/dsse, protocol.md and envelope.md), and the
bundle of the in-toto attestation framework (spec/v1/bundle.md), whose files are called
``NAME.intoto.jsonl``. A bundle may come from anybody: what is no envelope is told, not raised.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import FormatError

PAYLOAD_TYPE = "application/vnd.in-toto+json"


class _Signature(BaseModel):
    keyid: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{1,128}$")]
    sig: str


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True)

    payload: str
    payload_type: str = Field(alias="payloadType")
    signatures: Annotated[list[_Signature], Field(min_length=1, max_length=16)]


@dataclass(frozen=True)
class Bundle:
    """The envelopes of a bundle, and what else is in it."""

    envelopes: tuple[tuple[int, Envelope], ...] = ()
    """Each with the number of its line, from 1."""
    problems: tuple[str, ...] = ()
    """A sentence for each line that is no envelope."""


def parse(content: bytes) -> Bundle:
    """Read a bundle. Empty lines are none."""
    envelopes, problems = [], []
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            envelopes.append((number, _envelope(line)))
        except (ValidationError, FormatError, ValueError, RecursionError) as error:
            problems.append(f"line {number} is not an envelope: {_told(error)}")
    return Bundle(tuple(envelopes), tuple(problems))


def to_text(envelopes: Iterable[Envelope]) -> str:
    """The bundle of these envelopes."""
    return "".join(f"{json.dumps(envelope.to_dict())}\n" for envelope in envelopes)


def _envelope(line: bytes) -> Envelope:
    shape = _Shape.model_validate_json(line)
    return Envelope.from_dict(
        {
            "payload": shape.payload,
            "payloadType": shape.payload_type,
            "signatures": [
                {"keyid": signature.keyid, "sig": signature.sig} for signature in shape.signatures
            ],
        }
    )


def _told(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        return f"{place}: {first['msg']}" if place else first["msg"]
    return str(error).partition("\n")[0]
