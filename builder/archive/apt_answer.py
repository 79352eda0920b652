"""What apt says that it would do, and what an archive says of itself. Pure."""

import re
from collections.abc import Iterator, Mapping

from builder.archive.update import Step

_STEP = re.compile(
    r"(?P<verb>Inst|Remv) (?P<name>[^\s:]+)(?::(?P<qualifier>\S+))?"
    r"(?: \[(?P<old>[^\]\s]+)\])?"
    r"(?: \((?P<new>\S+) (?P<origins>.*) \[(?P<architecture>[^\]\s]+)\]\))?"
    r"(?: .*)?"
)
"""A line of ``apt-get --simulate``, as apt's private-install.cc and algorithms.cc write it."""

_SECURITY = re.compile(r"[-/]security\b", re.IGNORECASE)
"""In where apt has a version from: ``Debian-Security:12/stable-security``."""
_LEADING_SPACE = " "


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
            is_security=_SECURITY.search(match["origins"] or "") is not None,
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
