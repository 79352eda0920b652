"""A known vulnerability of an image. Pure data."""

from collections.abc import Iterable
from dataclasses import dataclass

from builder.security.inventory import Source


@dataclass(frozen=True)
class Finding:
    """A vulnerability that a tracker knows of a source package in the image."""

    name: str
    """``CVE-…``; else what the tracker calls it."""
    source: Source
    fixed: str = ""
    """The version of the source that has it no longer; empty where there is none."""
    note: str = ""
    """What the tracker says of it: that it is minor, or undetermined."""
    negligible: bool = False
    """Whether the distribution says that it is none in practice (Debian's ``unimportant``)."""
    covers: frozenset[str] = frozenset()
    """The vulnerabilities that an advisory is about, where it is about other ones."""

    @property
    def told(self) -> str:
        """Where it is and what helps."""
        helps = f"fixed in {self.fixed}" if self.fixed else "no fix"
        return ", ".join(filter(None, (self.source.version, helps, self.note)))


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each once: an advisory goes where all that it is about is told by itself."""
    found = {(finding.name, finding.source): finding for finding in findings}
    return tuple(
        finding
        for (_, source), finding in sorted(found.items(), key=lambda item: _order(item[1]))
        if not finding.covers or not all((name, source) in found for name in finding.covers)
    )


def _order(finding: Finding) -> tuple[str, list[str | int], str]:
    """By source, then with numbers as numbers: CVE-2026-999 before CVE-2026-1000."""
    words: list[str | int] = [
        f"{int(word):010}" if word.isdecimal() else word for word in finding.name.split("-")
    ]
    return finding.source.name, words, finding.source.version
