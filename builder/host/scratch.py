"""Directories for one piece of work in the directory for temporary files.

They hold keys and disks of guests, so none may outlive its program for long: one that was killed
leaves its own, and the next one removes it.
"""

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, get_args

from builder.host.locking import locked, remove_leftovers

PREFIX = "guest-image-"

Purpose = Literal[
    "boot", "content", "converted", "copy", "difference", "disk", "doctor", "reproduce", "worker",
]  # fmt: skip

# Nobody else's name ends so but on purpose: a checkout or somebody's builds may well be called
# "guest-image-something". The last part is as mkdtemp(3) makes it in Python.
_NAME = re.compile(rf"{PREFIX}(?:{'|'.join(get_args(Purpose))})-[a-z0-9_]{{8}}")

_CLOSED = 0o700


@contextmanager
def scratch(purpose: Purpose) -> Iterator[Path]:
    """A directory that only this user can enter, removed with all that is in it at the end.

    ``purpose`` stands in its name. What killed programs of this user have left is removed first.
    """
    home = Path(tempfile.gettempdir())
    remove_leftovers(path for path in home.glob(f"{PREFIX}*") if _is_ours(path))
    # It gets the name by which leftovers are known when it is locked.
    unlocked = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=home))
    with locked(unlocked):
        directory = home / unlocked.name.replace(f".{PREFIX}", f"{PREFIX}{purpose}-", 1)
        unlocked.rename(directory)
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)


def _is_ours(path: Path) -> bool:
    """Others may make what they like here, links to our directories among it.

    So may this user: only a directory of our name is ours, and only if nobody else may enter it.
    """
    if not _NAME.fullmatch(path.name):
        return False
    with suppress(FileNotFoundError):
        status = path.lstat()
        closed = stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == _CLOSED
        return closed and status.st_uid == os.geteuid()
    return False
