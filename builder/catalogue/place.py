"""The files of a build get a second name in a catalogue, or a copy where they cannot have one."""

import errno
import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from builder.host.process import run

LARGE = 16 << 20
"""Bytes. A program copies what is larger: cp knows of holes and of blocks that files may share."""
COPY_LIMIT = 3600.0
"""Seconds for one image."""

_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS}
"""Another file system, one without hard links, somebody else's file (protected_hardlinks)."""


def place_files(source: Path, names: Iterable[str], target: Path, earlier: Path) -> None:
    """Make a directory with these files of a build.

    ``earlier`` is the same directory of the catalogue so far, which need not be there: a copy in
    it serves again. Raises ``OSError``, and ``BuilderError`` where a copy fails.
    """
    target.mkdir(parents=True)
    for name in names:
        _place(source / name, target / name, earlier / name)


def is_regular(path: Path) -> bool:
    """Whether a file can be served: a link in a build from elsewhere may lead anywhere here."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _place(source: Path, target: Path, earlier: Path) -> None:
    for candidate in (source, earlier):
        if candidate is earlier and not _same(source, earlier):
            continue
        try:
            return os.link(candidate, target, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
    return _copy(source, target)


def _copy(source: Path, target: Path) -> None:
    """A copy of the same time of change, by which the next run knows it again."""
    if source.stat().st_size < LARGE:
        shutil.copy2(source, target)
        return
    keep = "--preserve=mode,timestamps"
    run(
        ["cp", "--reflink=auto", "--sparse=always", keep, "--", source, target],
        timeout=COPY_LIMIT,
        purpose=f"copy {source} into the catalogue",
    )


def _same(source: Path, earlier: Path) -> bool:
    """Whether an earlier copy is of this very file."""
    if not is_regular(earlier):
        return False
    ours, theirs = source.stat(), earlier.stat()
    return (ours.st_size, ours.st_mtime_ns) == (theirs.st_size, theirs.st_mtime_ns)
