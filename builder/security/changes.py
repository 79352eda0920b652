"""Which known vulnerabilities went and came from one build to another, by one file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from builder.compare.change import Change
from builder.errors import HostError
from builder.security.assess import Known, known_vulnerabilities
from builder.security.finding import Finding
from builder.store.manifest import Manifest

Build = tuple[Path, Manifest]
"""The directory of a build, and its manifest."""


@dataclass(frozen=True)
class VulnerabilityChanges:
    """What a file tells of two builds."""

    changes: tuple[Change[str], ...] | None
    """By vulnerability and source package; None where nobody knows those of both."""
    unknown: tuple[str, ...]
    """What is not known, a sentence each."""


def vulnerability_changes(old: Build, new: Build, file: Path) -> VulnerabilityChanges:
    """What became of the known vulnerabilities of a build in another one.

    Those that the distribution calls unimportant are left out. Raises ``InputError`` as ``assess``.
    """
    now = datetime.now(UTC)
    knowledge: list[Known] = []
    unknown: list[str] = []
    for directory, build in (old, new):
        try:
            knowledge.append(known_vulnerabilities(directory, build, file, now=now))
        except HostError as error:
            unknown.append(error.message)
    if unknown:
        return VulnerabilityChanges(None, tuple(unknown))
    before, after = knowledge
    doubts = dict.fromkeys([*before.doubts, *after.doubts])
    return VulnerabilityChanges(
        gone_and_new(before.tracker.findings, after.tracker.findings), tuple(doubts)
    )


def gone_and_new(old: Sequence[Finding], new: Sequence[Finding]) -> tuple[Change[str], ...]:
    """The vulnerabilities that only one of two images has. Pure."""
    before, after = _told(old), _told(new)
    gone = [Change(name, told, None) for name, told in before.items() if name not in after]
    come = [Change(name, None, told) for name, told in after.items() if name not in before]
    return (*come, *gone)


def _told(findings: Iterable[Finding]) -> dict[str, str]:
    """By vulnerability and source; of a kernel in several versions the last one is told."""
    return {
        f"{finding.name} {finding.source.name}": finding.told
        for finding in findings
        if not finding.negligible
    }
