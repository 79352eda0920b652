"""What the changelogs of two images' packages tell: the entries that only one of them has."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile

from builder.linux.changelogs import Changelog
from builder.words import enumeration

SHOWN = 6
"""Packages without a changelog that are named."""

Entries = tuple[str, ...]


@dataclass(frozen=True)
class ChangelogChange:
    """Packages of equal changelogs, and the entries that came to these, or went. Newest first."""

    packages: tuple[str, ...]
    come: Entries
    gone: Entries


def changelog_changes(
    old: Iterable[Changelog], new: Iterable[Changelog]
) -> tuple[ChangelogChange, ...]:
    """What differs between the changelogs of packages that both images have.

    Versions are not looked at: those of a binary package need not be those of its source, whose
    changelog it is. What stands above the newest entry that both have is what only one has.
    """
    before, after = _by_package(old), _by_package(new)
    found: dict[tuple[Entries, Entries], list[str]] = {}
    for package in sorted(before.keys() & after.keys()):
        come = _above_common(after[package], before[package])
        gone = _above_common(before[package], after[package])
        if come or gone:
            found.setdefault((come, gone), []).append(package)
    return tuple(
        ChangelogChange(tuple(packages), come, gone) for (come, gone), packages in found.items()
    )


def without_changelog(
    packages: Iterable[str], old: Iterable[Changelog], new: Iterable[Changelog]
) -> Iterator[str]:
    """A sentence about the packages of which not both changelogs were read, where any are."""
    have = _by_package(old).keys() & _by_package(new).keys()
    without = [package for package in packages if package not in have]
    if without:
        more = len(without) - SHOWN
        names = [*without[:SHOWN], *([f"{more} more"] if more > 0 else [])]
        yield f"Not in both images, or too long, are the changelogs of {enumeration(names, 'and')}."


def _by_package(changelogs: Iterable[Changelog]) -> Mapping[str, Entries]:
    return {package: found.entries for found in changelogs for package in found.packages}


def _above_common(entries: Entries, others: Entries) -> Entries:
    """An entry is known by its heading: maintainers mend the words of older ones."""
    headings = set(map(_heading, others))
    return tuple(takewhile(lambda entry: _heading(entry) not in headings, entries))


def _heading(entry: str) -> str:
    return entry.partition("\n")[0]
