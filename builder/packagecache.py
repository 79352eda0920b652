"""Downloaded packages, kept between builds and shared by builds that run at the same time.

Every build works in a directory of its own, filled with hard links from the shared one; what it
downloaded is linked back. So apt's lock on its archive is never fought over, and a build that is
killed leaves the shared cache as it was.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PackageCache:
    """One build's package directory, laid out as diskimage-builder's ``DIB_IMAGE_CACHE``."""

    directory: Path
    distro: str

    @property
    def archives(self) -> Path:
        """Where the distribution's package manager finds and leaves package files."""
        return self.directory / "apt" / self.distro


@contextlib.contextmanager
def package_cache(shared: Path, directory: Path, *, distro: str) -> Iterator[PackageCache]:
    """A cache for one build, which gives what it downloaded to ``shared`` at its end.

    ``directory`` is made, and removed at the end. It and ``shared`` should be on one file system;
    otherwise nothing is reused.
    """
    cache = PackageCache(directory, distro)
    cache.archives.mkdir(parents=True)
    store = shared / "packages" / distro
    store.mkdir(parents=True, exist_ok=True)
    _link_new(store, cache.archives)
    try:
        yield cache
    finally:
        _link_new(cache.archives, store)
        shutil.rmtree(directory, ignore_errors=True)


def _link_new(source: Path, destination: Path) -> None:
    """Link package files that the destination does not have; a complete file appears at once."""
    for package in source.glob("*.deb"):
        # Another build may have linked it since, or the directories may lie on two file systems.
        with contextlib.suppress(FileExistsError, OSError):
            os.link(package, destination / package.name)
