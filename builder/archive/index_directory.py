"""Where package indexes are kept between runs: a directory for each set of sources."""

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from builder.build.requirements import require_plain
from builder.distribution import Distribution
from builder.errors import HostError
from builder.host.locking import is_locked, locked

UNUSED_LIMIT = 30 * 24 * 3600.0
"""Seconds after which the indexes of sources that nobody asks any more are removed."""


@contextlib.contextmanager
def index_directory(cache: Path, distribution: Distribution, sources: str) -> Iterator[Path]:
    """The directory below ``cache`` for what these ``sources`` have, for this process alone.

    Raises ``HostError`` where nothing can be written, or where another process does not release
    it; ``InputError`` for a cache that a package manager could not work in.
    """
    key = hashlib.sha256(sources.encode()).hexdigest()[:8]
    home = cache / "indexes"
    directory = home / f"{distribution.os_distro}-{distribution.release}-{key}"
    require_plain(directory, "GUEST_IMAGE_CACHE")
    with contextlib.ExitStack() as locks:
        with writing(directory):
            directory.mkdir(parents=True, exist_ok=True)
            locks.enter_context(locked(directory))
            _remove_unused(home)
            os.utime(directory)
        yield directory


@contextlib.contextmanager
def writing(directory: Path) -> Iterator[None]:
    """Turn what the file system refuses below such a directory into a ``HostError``."""
    try:
        yield
    except OSError as error:
        raise HostError(
            f"Could not write below {directory.parent}, where package indexes are kept.",
            details=[error.strerror or str(error)],
            hint="Make room or make it yours, or choose another directory with GUEST_IMAGE_CACHE.",
        ) from error


def _remove_unused(home: Path) -> None:
    oldest = time.time() - UNUSED_LIMIT
    for directory in home.iterdir():
        if directory.stat().st_mtime < oldest and not is_locked(directory):
            shutil.rmtree(directory, ignore_errors=True)
