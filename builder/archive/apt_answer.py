"""What apt says that it would do, and what an archive says of itself. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

_STEP = re.compile(
    r"(?P<verb>Inst|Remv) (?P<name>[^\s:]+)(?::(?P<qualifier>\S+))?"
    r"(?: \[(?P<old>[^\]\s]+)\])?"
    r"(?: \((?P<new>\S+) (?P<origins>.*) \[(?P<architecture>[^\]\s]+)\]\))?"
    r"(?: .*)?"
)
"""A line of ``apt-get --simulate``, as apt's private-install.cc and algorithms.cc write it."""

_SECURITY = re.compile(r"[-/]security\b", re.IGNORECASE)
_LEADING_SPACE = " "


@dataclass(frozen=True)
class Step:
    """A package that apt would install or remove."""

    verb: Literal["install", "remove"]
    name: str
    old: str
    """The version that is there; empty for none."""
    new: str
    """Empty where it would be removed."""
    architecture: str
    origins: str
    """Where apt has the new version from, as it says it: ``Debian-Security:12/stable-security``."""

    @property
    def is_security(self) -> bool:
        """Whether an archive of security updates has the new version."""
        return _SECURITY.search(self.origins) is not None


@dataclass(frozen=True)
class Update:
    """A package that a new image would have, or no longer."""

    step: Step
    since: datetime | None = None
    """When the archive got a security update; None where nothing tells, and for other packages."""
    dated: bool = False
    """Whether the file's own date says so; else it is the day of the index that first had it."""


def steps(answer: str) -> tuple[Step, ...]:
    """What a simulation says would be installed and removed, in its order."""
    return tuple(_steps(answer))


def _steps(answer: str) -> Iterator[Step]:
    for line in answer.splitlines():
        match = _STEP.fullmatch(line)
        if match is None:
            continue
        removes = match["verb"] == "Remv"
        if not removes and match["new"] is None:
            continue
        yield Step(
            verb="remove" if removes else "install",
            name=match["name"],
            old=match["old"] or "",
            new="" if removes else match["new"],
            architecture=match["architecture"] or "",
            origins=match["origins"] or "",
        )


def fields(paragraph: str) -> dict[str, str]:
    """The one-line fields of a paragraph of an index, or of the first one of a release file.

    A signature around it is passed over, and of a field with several lines only the first counts.
    """
    found: dict[str, str] = {}
    for line in paragraph.splitlines():
        name, colon, value = line.partition(":")
        if colon and name and not name.startswith((_LEADING_SPACE, "\t", "-")):
            found.setdefault(name, value.strip())
    return found


def index_digests(release: str) -> Mapping[str, str]:
    """The SHA-256 of each index of a release file, by its path below the release."""
    found: dict[str, str] = {}
    inside = False
    for line in release.splitlines():
        if not line.startswith(_LEADING_SPACE):
            inside = line.strip() == "SHA256:"
            continue
        words = line.split()
        if inside and len(words) == len(("digest", "size", "path")):
            found[words[2]] = words[0]
    return found
