"""Entries in the Open Source Vulnerability format (ossf.github.io/osv-schema).

Pure. By the format's list of ecosystems, packages of Debian, Ubuntu, Rocky Linux and openSUSE are
source packages. Which versions are affected is evaluated as the format's section "Evaluation" says.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cmp_to_key, partial
from typing import Any

from pydantic import BaseModel

from builder.compare.versions import PackageFormat, order
from builder.distribution import Distribution
from builder.security.finding import Finding
from builder.security.inventory import Inventory

FIELDS = frozenset(
    (
        "schema_version", "id", "modified", "published", "withdrawn", "aliases", "related",
        "upstream", "summary", "details", "severity", "affected", "references", "credits",
        "database_specific",
    )
)  # fmt: skip
"""Keys of an entry, by which it is told from a tracker's file."""

_OF_DISTRIBUTION = re.compile(r"[A-Z]+-(CVE-[0-9]{4}-[0-9]+)")
"""What a distribution calls its own entry about a CVE: DEBIAN-CVE-…, UBUNTU-CVE-…."""
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]+")
_BEGINNING = "0"
_ECOSYSTEMS = {"rocky": "Rocky Linux:", "opensuse": "openSUSE:Leap "}
"""What is before the release, where it is not the distribution's name alone."""


class _Package(BaseModel):
    ecosystem: str
    name: str


class _Range(BaseModel):
    type: str
    events: tuple[dict[str, str], ...]


class _Affected(BaseModel):
    package: _Package | None = None
    ranges: tuple[_Range, ...] = ()
    versions: tuple[str, ...] = ()
    ecosystem_specific: dict[str, Any] | None = None  # Any: JSON of the tracker's own


class Entry(BaseModel):
    """What is read of an entry."""

    id: str
    modified: datetime
    withdrawn: datetime | None = None
    aliases: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    affected: tuple[_Affected, ...] = ()

    @property
    def at(self) -> datetime:
        """When it was last changed."""
        zone = self.modified.tzinfo or UTC
        return self.modified.replace(tzinfo=zone)

    @property
    def name(self) -> str:
        """The CVE that the entry is the distribution's own about, or its id."""
        return _cve_of(self.id)

    @property
    def covers(self) -> frozenset[str]:
        """The CVEs that an advisory is about; it may name them as its distribution does."""
        others = {_cve_of(other) for other in (*self.aliases, *self.upstream)}
        cves = {other for other in others if _CVE.fullmatch(other)}
        return frozenset(cves - {self.name}) if self.name == self.id else frozenset()


def _cve_of(name: str) -> str:
    """The CVE that a distribution's own name stands for, or the name."""
    match = _OF_DISTRIBUTION.fullmatch(name)
    return match[1] if match else name


def parsed(data: object) -> Entry:
    """An entry. Raises ``ValueError`` where it is something else."""
    return Entry.model_validate(data)


def ecosystems(distribution: Distribution) -> frozenset[str]:
    """What the format calls a distribution; Ubuntu's Pro is another one, for which users pay."""
    family = _ECOSYSTEMS.get(distribution.os_distro, f"{distribution.os_distro.capitalize()}:")
    name = f"{family}{distribution.os_version}"
    return frozenset((name, f"{name}:LTS"))


def is_about(entry: Entry, distribution: Distribution) -> bool:
    """Whether an entry is about packages of a distribution."""
    names = ecosystems(distribution)
    return any(
        affected.package and affected.package.ecosystem in names for affected in entry.affected
    )


def findings(entry: Entry, image: Inventory) -> Iterator[Finding]:
    """What of the image the vulnerability is in."""
    if entry.withdrawn is not None:
        return
    names, kind = ecosystems(image.distribution), image.distribution.package_format
    for affected in entry.affected:
        package = affected.package
        if package is None or package.ecosystem not in names:
            continue
        for source in image.sources.get(package.name, ()):
            if _affects(affected, source.version, kind):
                urgency = (affected.ecosystem_specific or {}).get("urgency", "")
                yield Finding(
                    entry.name,
                    source,
                    fixed=_fixed(affected, source.version, kind),
                    note=urgency if urgency in {"unimportant", "end-of-life"} else "",
                    negligible=urgency == "unimportant",
                    covers=entry.covers,
                )


def _affects(affected: _Affected, version: str, kind: PackageFormat | None) -> bool:
    return version in affected.versions or any(
        _in_range(events, version, kind) for events in _ranges(affected)
    )


def _ranges(affected: _Affected) -> Iterator[tuple[Mapping[str, str], ...]]:
    return (found.events for found in affected.ranges if found.type == "ECOSYSTEM")


def _in_range(
    events: tuple[Mapping[str, str], ...], version: str, kind: PackageFormat | None
) -> bool:
    affected = False
    by_version = cmp_to_key(partial(_compare, kind))
    steps = [(event, at) for each in events for event, at in each.items()]
    for event, at in sorted(steps, key=lambda step: by_version(step[1])):
        after = 1 if at == _BEGINNING else order(at, version, kind)
        if event == "introduced" and after in {0, 1, None}:  # what nothing orders is no repair
            affected = True
        elif (event == "fixed" and after in {0, 1}) or (event == "last_affected" and after == 1):
            affected = False
    return affected


def _compare(kind: PackageFormat | None, version: str, other: str) -> int:
    """1 where ``version`` is later; "0" is before all others. What nothing orders is the same."""
    if _BEGINNING in {version, other}:
        return int(other == _BEGINNING) - int(version == _BEGINNING)
    return order(other, version, kind) or 0


def _fixed(affected: _Affected, version: str, kind: PackageFormat | None) -> str:
    """The next version that has it no longer."""
    later = [
        event["fixed"]
        for events in _ranges(affected)
        for event in events
        if "fixed" in event and _compare(kind, event["fixed"], version) > 0
    ]
    return min(later, key=cmp_to_key(partial(_compare, kind)), default="")
