"""Directories for one piece of work in the directory for temporary files.

They hold keys and disks of guests, so none may outlive its program for long: one that was killed
leaves its own, and the next one removes it.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from builder.host.locking import locked, remove_leftovers

PREFIX = "guest-image-"


@contextmanager
def scratch(purpose: str) -> Iterator[Path]:
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
    """Others may make what they like here, links to our directories among it."""
    with suppress(FileNotFoundError):
        status = path.lstat()
        return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    return False
