"""What makes a build due, and what could not be found out. Pure data."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from builder.errors import BuilderError

NOT_DUE = 10
"""The exit code that says so: neither 0, which a script takes for "go on", nor an error's."""


class Kind(StrEnum):
    """What a reason is about."""

    BUILD = "build"
    PACKAGE = "package"
    SECURITY = "security"
    INGREDIENT = "ingredient"
    PROFILE = "profile"
    EVIDENCE = "evidence"
    DEADLINE = "deadline"
    CLOUD = "cloud"


@dataclass(frozen=True)
class Reason:
    """One thing for which a build is due: what it was, and what it is or is to be."""

    kind: Kind
    subject: str
    old: str = ""
    """Empty where there was none."""
    new: str = ""
    """Empty where there is none any more."""
    note: str = ""
    must: bool = False
    """Whether there must be a build; else a build would differ, and nobody has been promised it."""


@dataclass(frozen=True)
class Unknown:
    """What could not be found out, so that nobody can say that nothing is due."""

    subject: str
    error: BuilderError


@dataclass(frozen=True)
class Judgement:
    """Everything that is to be said of one profile."""

    profile: str
    build: str
    """The latest build; empty where there is none."""
    reasons: tuple[Reason, ...]
    unknown: tuple[Unknown, ...] = ()

    @property
    def due(self) -> bool | None:
        """Whether a build is due; None where no reason is known and something is unknown."""
        if self.reasons:
            return True
        return None if self.unknown else False

    @property
    def exit_code(self) -> int:
        """0 for due, ``NOT_DUE``, or that of the first error that left it unknown."""
        if self.due is None:
            return self.unknown[0].error.exit_code
        return 0 if self.due else NOT_DUE

    def to_json(self) -> Mapping[str, object]:
        """All of it, for programs."""
        return {
            "profile": self.profile,
            "build": self.build or None,
            "due": self.due,
            "reasons": [asdict(reason) for reason in self.reasons],
            "unknown": [
                {"subject": unknown.subject, "error": str(unknown.error)}
                for unknown in self.unknown
            ],
        }
