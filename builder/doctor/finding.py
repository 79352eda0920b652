"""One answer about this host. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from builder.errors import BuilderError


class State(StrEnum):
    """How it stands with one thing."""

    GOOD = "good"
    WARNING = "warning"
    """Something is slower, or missing for what was not asked for."""
    LACKING = "lacking"
    """What was asked for fails without it."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was seen of one thing, and what to do about it."""

    subject: str
    state: State
    seen: str
    remedy: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    """What programs may want of it: JSON, sizes in bytes, times in seconds."""


def good(subject: str, seen: str, **facts: object) -> Finding:
    """All is well with it."""
    return Finding(subject=subject, state=State.GOOD, seen=seen, facts=facts)


def warning(subject: str, seen: str, remedy: str, **facts: object) -> Finding:
    """It could be better."""
    return Finding(subject=subject, state=State.WARNING, seen=seen, remedy=remedy, facts=facts)


def lacking(subject: str, seen: str, remedy: str, **facts: object) -> Finding:
    """It is missing."""
    return Finding(subject=subject, state=State.LACKING, seen=seen, remedy=remedy, facts=facts)


def refused(subject: str, error: BuilderError) -> Finding:
    """What a verb would say, which ends in this error."""
    seen = " ".join([error.message, *error.details])
    return lacking(subject, seen, error.hint)


def only_for(profile: str, finding: Finding) -> Finding:
    """The same where another profile needs it than the one that was asked for."""
    seen = f"{finding.seen} Only {profile} needs it."
    state = State.WARNING if finding.state is State.LACKING else finding.state
    return replace(finding, state=state, seen=seen)
