"""Downloaded packages, kept between builds and shared by builds that run at the same time.

Every build has an archive directory of its own. What the store has is copied into it as far as the
archive's signed index vouches for it (``builder.build.verified_packages``), and what the build
downloads is copied back. So apt's lock on its archive is never fought over, no build can write into
what another one takes, and a build that is killed leaves the store as it was. Each release has a
store of its own for each set of mirrors; what no image has had for a month is removed.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from builder.build import recompressed_packages
from builder.build.verified_packages import archive_name
from builder.errors import HostError
from builder.host.locking import locked, remove_leftovers

UNUSED_LIMIT = 30 * 24 * 3600.0
"""Seconds after which a package that no image has had is removed."""


@dataclass(frozen=True)
class PackageCache:
    """One build's package directory, laid out as diskimage-builder's ``DIB_IMAGE_CACHE``."""

    directory: Path
    distro: str
    store: Path
    """What earlier builds have downloaded, and anybody may have written."""

    @property
    def taken(self) -> Path:
        """Lists what was taken from the store."""
        return self.directory / "taken"

    @property
    def archives(self) -> Path:
        """Where the distribution's package manager finds and leaves package files."""
        return self.directory / "apt" / self.distro

    @property
    def index(self) -> Path:
        """What the archive's signed index vouches for, once it was asked."""
        return self.directory / "index"

    @property
    def told(self) -> str:
        """These places, as ``verified_packages`` is told them."""
        return f"{self.store} {self.archives} {self.taken} {self.index} {self.recompressed}"

    @property
    def layers(self) -> Path:
        """Where bootstrapped systems are kept (``builder.build.layer``)."""
        return self.store.parent.parent / "layers"

    @property
    def recompressed(self) -> Path:
        """Where packages are kept that unpack quickly (``builder.build.recompressed_packages``)."""
        return self.store.parent.parent / recompressed_packages.DIRECTORY

    @property
    def settings(self) -> Path:
        """Files that apt has in the image's ``/etc/apt`` for the time of the build."""
        return self.directory / "settings"

    def note_used(self, installed: Iterable[tuple[str, str, str]]) -> list[Path]:
        """Note that an image has these packages: name, version and architecture of each.

        Return those of their files that this build has.
        """
        used = []
        for name, version, architecture in installed:
            with contextlib.suppress(FileNotFoundError):  # the name may have dpkg's architecture
                file = archive_name(name.partition(":")[0], version, architecture)
                used.append(self.archives / file)
                os.utime(self.store / file)
        return [file for file in used if file.is_file()]


@contextlib.contextmanager
def package_cache(
    shared: Path, *, distro: str, release: str, mirrors: Mapping[str, str]
) -> Iterator[PackageCache]:
    """A cache for one build, which gives what it downloaded to ``shared`` at its end.

    Its directory is made below ``shared``, where file systems can share blocks of copies, and
    removed at the end; those of killed builds are removed at the beginning.
    """
    key = hashlib.sha256(repr(sorted(mirrors.items())).encode()).hexdigest()[:8]
    store = shared / "packages" / f"{distro}-{release}-{key}"
    builds = shared / "builds"
    with contextlib.ExitStack() as locks:
        try:
            store.mkdir(parents=True, exist_ok=True)
            builds.mkdir(exist_ok=True)
            # A cache must not be taken for a leftover before it is locked.
            with locked(builds):
                remove_leftovers(builds.iterdir())
                _remove_unused(shared / "packages")
                _remove_unused(shared / recompressed_packages.DIRECTORY)
                cache = PackageCache(Path(tempfile.mkdtemp(dir=builds)), distro, store)
                locks.enter_context(locked(cache.directory))
            cache.archives.mkdir(parents=True)
            cache.settings.mkdir()
        except OSError as error:
            raise HostError(
                f"Could not make the package cache {shared}.",
                details=[error.strerror or str(error)],
                hint="Choose another directory with GUEST_IMAGE_CACHE.",
            ) from error
        try:
            yield cache
        finally:
            with contextlib.suppress(OSError):  # the build's own outcome counts
                _keep(cache)
            shutil.rmtree(cache.directory, ignore_errors=True)


def _keep(cache: PackageCache) -> None:
    """Copy what was downloaded into the store: in place of what was there and not taken."""
    taken = cache.taken.read_text().split() if cache.taken.exists() else []
    for package in cache.archives.glob("*.deb"):
        if package.name not in taken:
            _copy(package, cache.store / package.name)
    directory = os.open(cache.store, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _copy(package: Path, kept: Path) -> None:
    """A complete file appears at once, and is on the disk by then."""
    handle, partial = tempfile.mkstemp(dir=kept.parent, prefix=".")
    try:
        with package.open("rb") as source, os.fdopen(handle, "wb") as target:
            shutil.copyfileobj(source, target)
            target.flush()
            os.fsync(target.fileno())
        Path(partial).replace(kept)
    finally:
        Path(partial).unlink(missing_ok=True)


def _remove_unused(packages: Path) -> None:
    now = time.time()
    for package in (path for path in packages.rglob("*") if not path.is_dir()):
        with contextlib.suppress(FileNotFoundError):
            used = package.stat().st_mtime
            if used < now - UNUSED_LIMIT:
                package.unlink()
            elif used > now:  # the clock has been set back since
                os.utime(package)
