"""Changelogs of packages: those that Debian's bring, and what is kept of any.

Debian's are files of the format of deb-changelog(5), at places that Debian's policy names (12.7).
"""

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from builder.errors import ImageError
from builder.feature import Filesystem

LIMIT = 256 << 10
"""Characters that are read of one changelog, from its newest entry on; glibc's has half of it."""
TOTAL_LIMIT = 3 << 20
"""Characters of all changelogs together; those of an image's 250 packages have about as many."""

_FILES = ("changelog.Debian.gz", "changelog.gz")
"""The second is that of a package which is made for Debian alone; of others it is upstream's."""
_HEADING = re.compile(r"^[a-z0-9][a-z0-9+.-]* \([^()\s]+\)[^;\n]*;", re.MULTILINE | re.IGNORECASE)
_GZIP = zlib.MAX_WBITS | 16
_UNREADABLE = (ImageError, FileNotFoundError, zlib.error)


@dataclass(frozen=True)
class Changelog:
    """The newest entries of a changelog, the newest first, and the packages that have it."""

    packages: tuple[str, ...]
    entries: tuple[str, ...]


def changelogs(disk: Filesystem, packages: Iterable[str]) -> tuple[Changelog, ...]:
    """The changelogs of Debian packages, where the disk has them. The disk may be a stranger's."""
    return kept({package: entries(_text(disk, package)) for package in packages})


def kept(found: Mapping[str, Iterable[str]]) -> tuple[Changelog, ...]:
    """Of the entries by package what is within the limits; equal ones are kept once.

    Where there is no room for all, the smallest changelogs are kept: of most packages.
    """
    by_entries: dict[tuple[str, ...], list[str]] = {}
    for package, all_entries in found.items():
        if newest := tuple(_newest(all_entries)):
            by_entries.setdefault(newest, []).append(package)
    smallest_first = sorted(by_entries, key=_size)
    totals = accumulate(map(_size, smallest_first))
    return tuple(
        Changelog(tuple(by_entries[newest]), newest)
        for newest, total in zip(smallest_first, totals, strict=True)
        if total <= TOTAL_LIMIT
    )


def entries(text: str) -> tuple[str, ...]:
    """The entries of a changelog of Debian's; what is before the first is none."""
    starts = [match.start() for match in _HEADING.finditer(text)]
    ends = [*starts, len(text)][1:]
    return tuple(text[start:end].strip() for start, end in zip(starts, ends, strict=True))


def _size(newest: Iterable[str]) -> int:
    return sum(map(len, newest))


def _newest(found: Iterable[str]) -> Iterator[str]:
    """The first, and those after it that there is room for."""
    listed = [*found]
    lengths = accumulate(map(len, listed))
    for number, (entry, length) in enumerate(zip(listed, lengths, strict=True)):
        if number == 0 or length <= LIMIT:
            yield entry[:LIMIT]


def _text(disk: Filesystem, package: str) -> str:
    for name in _FILES:
        try:
            content = disk.read_bytes(f"/usr/share/doc/{package}/{name}")
            unpacked = zlib.decompressobj(_GZIP).decompress(content, LIMIT)
        except _UNREADABLE:
            continue
        whole = unpacked if len(unpacked) < LIMIT else unpacked.rpartition(b"\n")[0]
        return whole.decode(errors="replace")
    return ""
