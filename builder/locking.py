"""Directories that a process works in, and what killed processes have left of theirs.

The lock on a directory ends with its process, however that ends. So it tells a directory in use
from a leftover without a process id, which another process may have by now.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the directory's lock, waiting for it; programs that are started do not inherit it."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def remove_leftovers(directories: Iterable[Path]) -> None:
    """Remove those of the directories whose lock nobody holds."""
    for directory in directories:
        with contextlib.suppress(FileNotFoundError, BlockingIOError):  # it ends now, or is in use
            handle = os.open(directory, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(directory, ignore_errors=True)
            finally:
                os.close(handle)
