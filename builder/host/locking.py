"""Directories that a process works in, and what killed processes have left of theirs.

The lock on a directory ends with its process, however that ends. So it tells a directory in use
from a leftover without a process id, which another process may have by now.
"""

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from builder.errors import HostError

LIMIT = 300.0
"""Seconds to wait for a lock that another process needs for the work of a moment."""
_POLL = 0.05


@contextlib.contextmanager
def locked(directory: Path, limit: float = LIMIT) -> Iterator[None]:
    """Hold the directory's lock, waiting for it; programs that are started do not inherit it.

    Raises ``HostError`` when another process still holds it after ``limit`` seconds, and where its
    file system has no locks.
    """
    handle = os.open(directory, os.O_RDONLY)
    try:
        _take(handle, directory, limit)
        yield
    finally:
        os.close(handle)


def is_locked(directory: Path) -> bool:
    """Whether another process holds the lock of a directory; one that is not there has none."""
    try:
        handle = os.open(directory, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _take(handle: int, directory: Path, limit: float) -> None:
    deadline = time.monotonic() + limit
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        except OSError as error:
            raise HostError(
                f"{directory} cannot be locked against other processes.",
                details=[error.strerror or str(error)],
                hint="Network file systems may have no locks on directories: choose a local one.",
            ) from error
        if time.monotonic() > deadline:
            raise HostError(
                f"Timed out after {limit:.0f} s waiting for another process to release"
                f" {directory}.",
                hint=f"See which one with 'fuser {directory}', and end it if it hangs.",
            )
        time.sleep(_POLL)


def remove_leftovers(directories: Iterable[Path]) -> None:
    """Remove those of the directories whose lock nobody holds."""
    for directory in directories:
        with contextlib.suppress(FileNotFoundError, BlockingIOError):  # it ends now, or is in use
            handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(directory, ignore_errors=True)
            finally:
                os.close(handle)
