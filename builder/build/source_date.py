"""One time for all that a build writes, so that equal builds give equal bytes.

Whatever a build makes has the time of its newest package. Programs of the build go by it that know
``SOURCE_DATE_EPOCH`` (https://reproducible-builds.org/specs/source-date-epoch/), and files of the
tree that are younger get it afterwards. Run as a program by the element ``guest-tree``.
"""

import os
import re
import stat
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from builder.errors import InputError

VARIABLE = "SOURCE_DATE_EPOCH"

DOCUMENTATION = "usr/share/doc"
"""Where every package has files, with its own times, that no build changes."""

EARLIEST = 315532800
"""1980-01-01, the first day that FAT can tell."""

LATEST = (1 << 32) - 1
"""In 2106; tools of the disk take 32 bits."""


def asked(environment: Mapping[str, str]) -> int | None:
    """The time that the caller asks for, in seconds since 1970. Raises ``InputError``."""
    text = environment.get(VARIABLE, "")
    if not text:
        return None
    if not re.fullmatch("[0-9]{1,10}", text) or not EARLIEST <= int(text) <= LATEST:
        raise InputError(
            f"{VARIABLE} is no time that an image's files can have: '{text}'.",
            hint=f"Give it seconds since 1970, {EARLIEST} (1980, where FAT begins) to {LATEST}.",
        )
    return int(text)


def source_date(tree: Path) -> int:
    """Seconds since 1970 of the newest package of a tree, by its documentation's files."""
    documentation = tree / DOCUMENTATION
    found = _walk(str(documentation)) if documentation.is_dir() else ()
    regular = (status for _, status in found if stat.S_ISREG(status.st_mode))
    return max((EARLIEST, *(int(status.st_mtime) for status in regular)))


def settle(tree: Path, packaged: Collection[str], date: int) -> None:
    """Give every file of a tree a time that does not tell when it was built.

    What packages have brought keeps its own, if that is not after ``date``; their paths are
    ``packaged``, without the first slash. All the rest gets ``date``. Raises ``OSError``.
    """
    start = len(str(tree)) + 1
    for path, status in _walk(str(tree)):
        kept = path[start:] in packaged and status.st_mtime <= date
        time = int(status.st_mtime) if kept else date
        os.utime(path, (time, time), follow_symlinks=False)
    os.utime(tree, (date, date))


def _walk(directory: str) -> Iterator[tuple[str, os.stat_result]]:
    """All that is in a directory, and itself after its content, with plain strings for speed."""
    for entry in os.scandir(directory):
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path)
        yield entry.path, entry.stat(follow_symlinks=False)


if __name__ == "__main__":
    print(source_date(Path(sys.argv[1])))  # noqa: T201 - to the hook that asks
