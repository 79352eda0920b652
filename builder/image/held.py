"""One file that a path names now, whatever the path names later.

Between a check of a path and its next opening, whoever may write to its directory can put another
file there. So a stranger's file is opened once, and everything else opens that descriptor; what may
be written to meanwhile is copied first.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from builder.errors import HostError, ImageError, InputError
from builder.host.process import run
from builder.host.room import Room

SIZE_LIMIT = 256 << 30
"""Bytes of a file that is read: a sparse one of many tebibytes would be hashed for days."""

COPY_LIMIT = 3600.0


@contextmanager
def held(path: Path) -> Iterator[Path]:
    """The regular file at ``path``, by a name that only this program can change.

    Other programs that this one starts can open the name, too. Raises ``InputError`` where there is
    no file, ``ImageError`` for one that is no regular one, cannot be read, is empty or too large.
    """
    try:
        _require_regular(path, path.stat())  # opening a device may have an effect of its own
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.", hint="Check the path.") from error
    except OSError as error:
        raise ImageError(
            f"{path} cannot be read.",
            details=[error.strerror or str(error)],
            hint="Check the path and its permissions.",
        ) from error
    try:
        status = os.fstat(descriptor)
        _require_regular(path, status)
        if status.st_size == 0:
            raise ImageError(
                f"{path} is empty.", hint="Get the file again, and compare its checksum."
            )
        if status.st_size > SIZE_LIMIT:
            raise ImageError(
                f"{path} is too large: it has {status.st_size >> 30} GiB.",
                details=[f"At most {SIZE_LIMIT >> 30} GiB are read."],
                hint="Shrink a copy of it: qemu-img convert -O qcow2 IMAGE NEW leaves out what is"
                " empty.",
            )
        yield Path(f"/proc/{os.getpid()}/fd/{descriptor}")
    finally:
        os.close(descriptor)


def private_copy(path: Path, copy: Path, *, option: str = "TMPDIR") -> None:
    """Copy a file that is held, so that nobody else can write to what is checked and opened then.

    It costs nothing where the file system shares blocks. Raises ``HostError`` where there is no
    room; ``option`` chooses another place for the copy.
    """
    needed = path.stat().st_blocks * 512
    remedy = f"Make room, or choose another directory with {option}."
    room = Room.of(copy.parent, needed=needed, work="the copy", remedy=remedy)
    if not room.suffices:
        raise HostError(
            f"{copy.parent} has too little room for a copy of the image.",
            details=[f"{room}."],
            hint=room.remedy,
        )
    run(
        ["cp", "--reflink=auto", "--sparse=always", path, copy],
        timeout=COPY_LIMIT,
        purpose="copy the image",
    )


def _require_regular(path: Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise ImageError(
            f"{path} is a directory, not an image.", hint="Name the file in it: image.qcow2."
        )
    if not stat.S_ISREG(status.st_mode):
        raise ImageError(f"{path} is not a regular file.", hint="Copy the disk into a file first.")
