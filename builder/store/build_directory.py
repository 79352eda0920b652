"""Build directories: ``dist/PROFILE/UTC-TIME-DIGEST/``, complete or not there at all.

A build happens in ``.NAME.partial`` and is renamed when it is complete. A lock held on the
directory tells a build that runs from what a killed one left, which the next build removes.
"""

import contextlib
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from builder.errors import HostError, InputError
from builder.host.files import temporary_name
from builder.host.locking import locked, remove_leftovers
from builder.store import manifest
from builder.store.manifest import FILE_NAME, Manifest

LATEST = "latest"
PARTIAL = ".partial"
FAILED = ".failed"
LOG = "build.log"
REPORT = "report.html"
IMAGE_SUFFIXES = (".qcow2", ".raw", ".img", ".vmdk", ".vhd", ".vhdx", ".vdi", ".iso")
"""Who writes one of these means a file."""

Seal = Callable[[Path], None]
"""What is done last with a complete build directory, such as signing what is in it."""

_IMAGE_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Workplace:
    """Where one build happens."""

    name: str
    directory: Path
    """What is in it becomes the build directory."""
    scratch: Path
    """Gone when the build is over."""

    @property
    def log(self) -> Path:
        """The full log."""
        return self.directory / LOG

    @property
    def kept_log(self) -> Path:
        """Where the log of a failed build stays."""
        return self.directory.parent.parent / f"{self.name}{FAILED}" / LOG


def boot_log(directory: Path, boot: str, log: str) -> Path:
    """Where a log of one of a build's boots is kept."""
    return directory / f"{boot}-{log}"


def build_name(time: datetime, digest: str) -> str:
    """The name of a build of a time in UTC: sortable by it. The digest is shortened."""
    return f"{time:%Y%m%dT%H%M%SZ}-{digest[:DIGEST_LENGTH]}"


def _make(place: Workplace, home: Path) -> None:
    """Make the directories of a build where it can work. Raises ``HostError`` where it cannot."""
    try:
        place.directory.mkdir(parents=True)
        place.scratch.mkdir()
        (place.scratch / LATEST).symlink_to(place.name)  # as it will be made at the end
    except OSError as error:
        shutil.rmtree(place.scratch.parent, ignore_errors=True)
        raise HostError(
            f"No build can work in {home}.",
            details=[error.strerror or str(error)],
            hint="Choose a directory that can be written, and that can have symbolic links, with"
            " --output.",
        ) from error


def _time_in(name: str) -> str:
    """When a build of this name began, as text that sorts by time."""
    return name.partition("-")[0]


@contextlib.contextmanager
def workplace(dist: Path, profile: str, digest: str) -> Iterator[Workplace]:
    """A place for a build, which gets its final name and ``latest`` when the block succeeds.

    After a failure only the log stays, in ``NAME.failed``. Raises ``HostError`` where no directory
    can be made.
    """
    home = dist / profile
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HostError(
            f"Could not make the directory {home}.",
            details=[error.strerror or str(error)],
            hint="Choose another directory with --output.",
        ) from error
    with contextlib.ExitStack() as locks:
        # A build that begins must not be taken for a leftover by another, nor take its name.
        with locked(home):
            _remove_leftovers(home)
            name = _free_name(home, digest)
            partial = home / f".{name}{PARTIAL}"
            place = Workplace(name, partial / "build", partial / "scratch")
            _make(place, home)
            locks.enter_context(locked(partial))
        try:
            yield place
        except BaseException:
            _keep_log(place)
            shutil.rmtree(partial, ignore_errors=True)
            raise
        final = home / name
        place.directory.rename(final)
        point_latest_at(final)
        shutil.rmtree(partial, ignore_errors=True)


def point_latest_at(build: Path) -> None:
    """Let ``latest`` name a build, unless it names one that began later; it never names none.

    Names begin with the time. A build that takes long may end after one that began later. One that
    would begin in the future was made before this host's clock was set back.
    """
    latest = build.parent / LATEST
    if latest.is_symlink() and latest.exists():
        other = latest.readlink().name
        if other > build.name and _time_in(other) <= _time_in(build_name(datetime.now(UTC), "")):
            return
    set_latest(build)


def set_latest(build: Path) -> None:
    """Let ``latest`` name a build, whatever it names; it never names none."""
    latest = build.parent / LATEST
    link = temporary_name(latest)
    link.symlink_to(build.name)
    link.replace(latest)


def find_build(word: str, dist: Path) -> Path:
    """The directory of a build: a path, or a profile's name for its latest one.

    Raises ``InputError``.
    """
    given = Path(word)
    if is_file(given / FILE_NAME):
        return given.resolve()
    if given.name == FILE_NAME and is_file(given):
        return given.parent.resolve()
    latest = dist / word / LATEST
    if is_file(latest / FILE_NAME):
        return latest.resolve()
    if "/" in word or given.suffix in IMAGE_SUFFIXES:
        raise InputError(
            f"There is neither a build directory nor a file '{word}'.",
            hint="Check the path.",
        )
    built = sorted(path.parent.name for path in dist.glob(f"*/{LATEST}"))
    raise InputError(
        f"There is no build '{word}'.",
        details=[f"Profiles built in {dist}: {', '.join(built) or 'none'}."],
        hint=f"Give a build directory or the name of a built profile, or build it: "
        f"guest-image build {word}",
    )


def find_published(word: str, dist: Path) -> Path:
    """The directory of a build: as ``find_build`` takes it, or an image's id in whichever cloud.

    The manifest tells what a build was published as, so no cloud is asked. Raises ``InputError``.
    """
    if not _IMAGE_ID.fullmatch(word) or is_file(Path(word) / FILE_NAME):
        return find_build(word, dist)
    for directory, build in manifests(dist):
        if any(publication.image == word for publication in build.published):
            return directory
    raise InputError(
        f"No build in {dist} was published as the image {word}.",
        details=["Which build an image was made of stands in the manifest of that build."],
        hint="Give the directory of the build, or name with --output where builds are kept.",
    )


def is_file(path: Path) -> bool:
    """Whether it is a file that can be reached."""
    try:
        return path.is_file()
    except OSError:  # a name that is too long, a directory that may not be read
        return False


def _free_name(home: Path, digest: str) -> str:
    """A name that no build has, not even one that runs: two may begin in one second."""
    name = first = build_name(datetime.now(UTC), digest)
    number = 1
    while (home / name).exists() or (home / f".{name}{PARTIAL}").exists():
        number += 1
        name = f"{first}-{number}"
    return name


def _remove_leftovers(home: Path) -> None:
    """Remove what killed builds left, and the logs of failed ones; leave running ones alone."""
    remove_leftovers(home.glob(f".*{PARTIAL}"))
    for failed in home.glob(f"*{FAILED}"):
        shutil.rmtree(failed, ignore_errors=True)


def _keep_log(place: Workplace) -> None:
    """Keep the log, and first remove what else there is: that the disk is full may be why."""
    shutil.rmtree(place.scratch, ignore_errors=True)
    with contextlib.suppress(OSError):
        for path in place.directory.iterdir():
            if path != place.log:
                path.unlink()
        if place.log.exists():
            place.kept_log.parent.mkdir()
            place.log.rename(place.kept_log)


CHECKSUMS = "SHA256SUMS"

DIGEST_LENGTH = 6


def failed_profiles(dist: Path) -> set[str]:
    """The profiles whose last build failed: its log stays until the next one begins."""
    return {path.parent.name for path in dist.glob(f"*/[!.]*{FAILED}")}


def build_directories(dist: Path, profile: str = "*") -> Iterator[Path]:
    """Every complete build below a directory, or those of one profile alone, oldest first.

    One whose manifest cannot be reached is among them: whoever reads it will tell.
    """
    for path in sorted(dist.glob(f"{profile}/[!.]*/")):
        if not path.is_symlink() and _has_manifest(path):
            yield path


def manifests(dist: Path, profile: str = "*") -> Iterator[tuple[Path, Manifest]]:
    """The manifest of every complete build.

    What has a manifest that this version cannot read is left out.
    """
    for directory in build_directories(dist, profile):
        with contextlib.suppress(InputError):
            yield directory, manifest.read(directory)


def _has_manifest(directory: Path) -> bool:
    try:
        (directory / manifest.FILE_NAME).lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # a directory that may not be entered
        return True
    return True
