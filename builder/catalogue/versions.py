"""A directory that a web server reads is replaced at once: it is a link, which is turned around.

``/srv/www/images`` is a symbolic link to a version in ``/srv/www/.images.versions/``. The version
before stays until the next one is written, for those who are still reading it.
"""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from builder.errors import HostError, InputError
from builder.host.files import temporary_name
from builder.host.locking import locked


@dataclass(frozen=True)
class Place:
    """Where a catalogue is to be."""

    link: Path
    """What the web server reads."""

    @property
    def home(self) -> Path:
        """The directory of its versions, and of what is noted from run to run."""
        return self.link.with_name(f".{self.link.name}.versions")

    @property
    def current(self) -> Path | None:
        """The version that is read now; None before the first one."""
        if not self.link.is_symlink():
            return None
        target = self.link.parent / self.link.readlink()
        return target if target.parent == self.home else None


def place_of(output: Path) -> Place:
    """Where a catalogue can be written.

    Raises ``InputError`` where something is that no catalogue is.
    """
    link = output.parent.resolve() / output.name
    place = Place(link)
    if not output.name or output.name == "..":
        raise _refused(output, "It is the directory that you are in, or above.")
    if link.is_symlink():
        if place.current is None:
            raise _refused(output, f"It is a link to {link.readlink()}.")
    elif link.is_mount():
        raise _refused(output, "A file system is mounted there, which no link can replace.")
    elif link.is_dir():
        if any(link.iterdir()):
            raise _refused(output, "It has files that are of no catalogue.")
    elif link.exists():
        raise _refused(output, "It is a file.")
    return place


def _refused(output: Path, reason: str) -> InputError:
    return InputError(
        f"{output} cannot become a catalogue.",
        details=[reason],
        hint="Name a directory that is not there yet, in one that can be written; or move this one"
        " away.",
    )


@contextlib.contextmanager
def new_version(place: Place) -> Iterator[Path]:
    """An empty directory that becomes the catalogue when the block succeeds; else nothing changes.

    Another process that writes the same catalogue is waited for. Raises ``HostError`` where that
    takes too long, and where something cannot be read or written.
    """
    with _home(place), locked(place.home):
        current = place.current
        for version in place.home.iterdir():
            if version.is_dir() and version != current:
                shutil.rmtree(version, ignore_errors=True)
        new = temporary_name(place.home / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        new.mkdir()
        try:
            yield new
            _turn(place.link, new)
        except BaseException as error:
            shutil.rmtree(new, ignore_errors=True)
            if isinstance(error, OSError):
                raise _not_written(place, error) from error
            raise


@contextlib.contextmanager
def _home(place: Place) -> Iterator[None]:
    try:
        place.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_written(place, error) from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            place.home.rmdir()  # one that has nothing: the first version was not completed


def _turn(link: Path, version: Path) -> None:
    """Let the link lead to a version, at once."""
    turned = temporary_name(link)
    try:
        turned.symlink_to(version.relative_to(link.parent))
        if link.is_dir() and not link.is_symlink():
            link.rmdir()  # the empty one that was made for it
        turned.replace(link)
    finally:
        turned.unlink(missing_ok=True)


def _not_written(place: Place, error: OSError) -> HostError:
    return HostError(
        f"The catalogue {place.link} could not be written; what was there is there still.",
        details=[f"{error.filename or place.link}: {error.strerror or error}"],
        hint="It needs room, a directory that can be written, and a file system that has symbolic"
        " links. Then call it again.",
    )
