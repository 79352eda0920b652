"""Which statements of a bundle hold: those that one of the given keys has signed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError

from builder.attest.envelope import Bundle
from builder.attest.key import PublicKey
from builder.attest.statement import Statement, read


@dataclass(frozen=True)
class Signed:
    """A statement that holds."""

    line: int
    """Of the bundle."""
    key_id: str
    statement: Statement
    envelope: Envelope


@dataclass(frozen=True)
class Trusted:
    """What of a bundle holds."""

    signed: tuple[Signed, ...] = ()
    """In the order of the bundle."""
    problems: tuple[str, ...] = ()
    """What is wrong with it, a sentence each."""
    strangers: Mapping[str, int] = field(default_factory=dict)
    """How many statements each key has signed that was not given."""


def trusted(bundle: Bundle, keys: Sequence[PublicKey]) -> Trusted:
    """Check every signature by the keys, and read what they have signed."""
    signed, problems, strangers = [], [*bundle.problems], Counter[str]()
    given = {key.keyid for key in keys}
    for line, envelope in bundle.envelopes:
        if given.isdisjoint(envelope.signatures):
            strangers.update([*envelope.signatures])
            continue
        try:
            (key_id, *_) = envelope.verify([*keys], 1)
            signed.append(Signed(line, key_id, read(envelope), envelope))
        except VerificationError:
            problems.append(f"line {line}: the signature does not hold")
        except ValueError as error:
            problems.append(f"line {line} has no statement: {error}")
    return Trusted(tuple(signed), tuple(problems), dict(strangers))


def unchecked(bundle: Bundle) -> Trusted:
    """Take every statement as it is, whoever has signed it."""
    signed, problems = [], [*bundle.problems]
    for line, envelope in bundle.envelopes:
        try:
            signed.append(Signed(line, next(iter(envelope.signatures)), read(envelope), envelope))
        except ValueError as error:
            problems.append(f"line {line} has no statement: {error}")
    return Trusted(tuple(signed), tuple(problems))


def short(key_id: str) -> str:
    """The beginning of a key's id, as people are shown it."""
    return key_id[:12]
