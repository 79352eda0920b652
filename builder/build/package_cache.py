"""Downloaded packages, kept between builds and shared by builds that run at the same time.

Every build works in a directory of its own, filled with hard links from the shared one; what it
downloaded is linked back. So apt's lock on its archive is never fought over, and a build that is
killed leaves the shared cache as it was. Each release has a shared directory of its own, for a
build copies all of it; what no image has had for a month is removed.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from builder.errors import HostError
from builder.host.locking import locked, remove_leftovers

UNUSED_LIMIT = 30 * 24 * 3600.0
"""Seconds after which a package that no image has had is removed."""


@dataclass(frozen=True)
class PackageCache:
    """One build's package directory, laid out as diskimage-builder's ``DIB_IMAGE_CACHE``."""

    directory: Path
    distro: str

    @property
    def archives(self) -> Path:
        """Where the distribution's package manager finds and leaves package files."""
        return self.directory / "apt" / self.distro

    def note_used(self, installed: Iterable[tuple[str, str, str]]) -> None:
        """Note that an image has these packages: name, version and architecture of each."""
        for name, version, architecture in installed:
            _touch([self.archives / file_name(name, version, architecture)])


def file_name(name: str, version: str, architecture: str) -> str:
    """What apt calls a downloaded package; the name may have dpkg's ``:architecture``."""
    return f"{name.partition(':')[0]}_{version.replace(':', '%3a')}_{architecture}.deb"


@contextlib.contextmanager
def package_cache(shared: Path, *, distro: str, release: str) -> Iterator[PackageCache]:
    """A cache for one build, which gives what it downloaded to ``shared`` at its end.

    Its directory is made below ``shared``, for hard links do not reach other file systems, and
    removed at the end; those of killed builds are removed at the beginning.
    """
    store = shared / "packages" / f"{distro}-{release}"
    builds = shared / "builds"
    try:
        store.mkdir(parents=True, exist_ok=True)
        builds.mkdir(exist_ok=True)
    except OSError as error:
        raise HostError(
            f"Could not make the package cache {shared}.",
            details=[error.strerror or str(error)],
            hint="Choose another directory with GUEST_IMAGE_CACHE.",
        ) from error
    with contextlib.ExitStack() as locks:
        # A cache must not be taken for a leftover before it is locked.
        with locked(builds):
            remove_leftovers(builds.iterdir())
            _remove_unused(shared / "packages")
            cache = PackageCache(Path(tempfile.mkdtemp(dir=builds)), distro)
            locks.enter_context(locked(cache.directory))
        cache.archives.mkdir(parents=True)
        _link_new(store, cache.archives)
        known = {package.name for package in cache.archives.iterdir()}
        try:
            yield cache
        finally:
            # apt gives a file the time that it has on the mirror.
            _touch(one for one in cache.archives.glob("*.deb") if one.name not in known)
            _link_new(cache.archives, store)
            shutil.rmtree(cache.directory, ignore_errors=True)


def _link_new(source: Path, destination: Path) -> None:
    """Link package files that the destination does not have; a complete file appears at once."""
    for package in source.glob("*.deb"):
        # Another build may have linked it since, or the directories may lie on two file systems.
        with contextlib.suppress(OSError):
            os.link(package, destination / package.name)


def _touch(packages: Iterable[Path]) -> None:
    for package in packages:
        with contextlib.suppress(FileNotFoundError):
            os.utime(package)


def _remove_unused(packages: Path) -> None:
    oldest = time.time() - UNUSED_LIMIT
    for package in packages.rglob("*.deb"):
        with contextlib.suppress(FileNotFoundError):
            if package.stat().st_mtime < oldest:
                package.unlink()
