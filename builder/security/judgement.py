"""What is known of a build's security, and what is not. Pure data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from builder.archive.lag import Missing
from builder.errors import BuilderError, HostError
from builder.security.exceptions import Excepted
from builder.security.finding import Finding
from builder.security.tracker_file import Tracker
from builder.words import day_of

OLD = timedelta(days=30)
"""What a file of known vulnerabilities may be behind: after it, most updates are new to it."""


@dataclass(frozen=True)
class Unknown:
    """What could not be found out, so that nobody can say that there is nothing."""

    subject: str
    reason: str
    exit_code: int = HostError.exit_code

    @classmethod
    def of(cls, subject: str, error: BuilderError) -> "Unknown":
        """What an error left unknown."""
        return cls(subject, str(error), error.exit_code)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """Everything that is to be said of one build."""

    profile: str
    build: str
    at: datetime
    updates: tuple[Missing, ...] = ()
    """Security updates that it lacks."""
    tracker: Tracker | None = None
    """The file that was asked; None without one."""
    counting: tuple[Finding, ...] = ()
    """Known vulnerabilities."""
    negligible: tuple[Finding, ...] = ()
    """Those that the distribution says are none in practice."""
    excepted: tuple[Excepted, ...] = ()
    expired: tuple[Excepted, ...] = ()
    """Exceptions that count no more; their vulnerabilities are among those that count."""
    unknown: tuple[Unknown, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 where anything is amiss, 0 where all is known and nothing is; else the error's."""
        if self.updates or self.counting:
            return BuilderError.exit_code
        return self.unknown[0].exit_code if self.unknown else 0

    def to_json(self) -> Mapping[str, object]:
        """All of it, for programs; null is what nobody asked for, or nobody knows."""
        return {
            "profile": self.profile,
            "build": self.build,
            "at": self.at.isoformat(),
            "updates": [_update_json(update) for update in self.updates],
            "vulnerabilities": _tracker_json(self.tracker)
            and [_finding_json(finding) for finding in self.counting],
            "negligible": [_finding_json(finding) for finding in self.negligible],
            "excepted": [_excepted_json(excepted) for excepted in self.excepted],
            "expired": [_excepted_json(excepted) for excepted in self.expired],
            "tracker": _tracker_json(self.tracker),
            "unknown": [
                {"subject": unknown.subject, "reason": unknown.reason} for unknown in self.unknown
            ],
        }


def doubts(tracker: Tracker, distribution: str, *, now: datetime) -> Sequence[str]:
    """Why what a file does not know may be known all the same, a sentence each."""
    found = []
    if not tracker.known:
        found.append(f"{tracker.path} has nothing at all of {distribution}.")
    if now - tracker.of > OLD:
        found.append(
            f"{tracker.path} is old: it knows nothing that is newer than {day_of(tracker.of)}."
            " Fetch it again."
        )
    return found


def _update_json(update: Missing) -> Mapping[str, object]:
    since = update.since
    return {
        "package": update.package,
        "installed": update.installed,
        "fixed": update.fixed,
        "since": since.at.isoformat() if since else None,
        "dated": since.dated if since else False,
    }


def _finding_json(finding: Finding) -> Mapping[str, object]:
    return {
        "name": finding.name,
        "source": finding.source.name,
        "version": finding.source.version,
        "fixed": finding.fixed or None,
        "note": finding.note,
        "packages": [name for name, _ in finding.source.packages],
    }


def _excepted_json(excepted: Excepted) -> Mapping[str, object]:
    said = excepted.statement
    return {
        **_finding_json(excepted.finding),
        "status": said.status,
        "reason": said.reason,
        "expires": said.expires.isoformat() if said.expires else None,
    }


def _tracker_json(tracker: Tracker | None) -> Mapping[str, object] | None:
    if tracker is None:
        return None
    return {
        "file": str(tracker.path),
        "kind": tracker.kind,
        "known": tracker.known,
        "of": tracker.of.isoformat(),
    }
