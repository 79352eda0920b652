"""What a guest sees of a disk: its virtual content, whatever format the file has.

Its digest is the SHA-256 of the whole disk as a raw file would have it, so that coreutils tell that
of a raw image. The other formats are read by qemu-nbd, piece by piece: no second file is written,
and memory does not grow with the disk.
"""

import errno
import hashlib
import itertools
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import RawIOBase
from pathlib import Path

from builder.errors import ImageError
from builder.host.files import BLOCK
from builder.host.process import Running, require_tool, start
from builder.host.scratch import scratch
from builder.image.nbd import Export, NbdError
from builder.image.overlay import pseudo_name

QEMU_FORMATS = {"vhd": "vpc"}
"""QEMU's names of formats, where they are others than Glance's."""

_MEMORY = 4 << 30
"""Bytes of address space. QEMU has up to 64 threads that unpack, with stacks of 8 MiB, and malloc
would reserve 64 MiB more for each: 1 GiB was too little now and then, on two cores."""
_ZEROS = bytes(BLOCK)
_START_LIMIT = 60.0
_ANSWER_LIMIT = 120.0
"""Seconds for one piece."""
_POLL = 0.02


def content_sha256(image: Path, image_format: str) -> str:
    """Hex SHA-256 of the disk in an image. Raises as ``content``."""
    digest = hashlib.sha256()
    for piece in content(image, image_format):
        digest.update(piece)
    return digest.hexdigest()


def content(image: Path, image_format: str) -> Iterator[bytes]:
    """The disk in an image, piece by piece, by Glance's name of the format.

    The file must be one that may be opened (``safety``). Raises ``ImageError`` where it cannot be
    read.
    """
    try:
        if image_format == "raw":
            yield from _plain(image)
        else:
            with _served(image, QEMU_FORMATS.get(image_format, image_format)) as export:
                yield from export.pieces()
    except (OSError, NbdError) as error:
        raise ImageError(
            f"The disk in {image} cannot be read.",
            details=[str(error)],
            hint="If the file was changed or cut off, get it again or build it again.",
        ) from error


def _plain(image: Path) -> Iterator[bytes]:
    """What lies in a file; its holes are not read, which takes longer than to digest them."""
    with image.open("rb", buffering=0) as file:
        end, at = os.fstat(file.fileno()).st_size, 0
        while at < end:
            try:
                data = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError as error:
                if error.errno != errno.ENXIO:  # what is left is a hole
                    raise
                data = end
            yield from _zeros(data - at)
            at = os.lseek(file.fileno(), data, os.SEEK_HOLE) if data < end else end
            yield from _read(file, data, at)


def _zeros(count: int) -> Iterator[bytes]:
    whole, rest = divmod(count, BLOCK)
    yield from itertools.repeat(_ZEROS, whole)
    if rest:
        yield _ZEROS[:rest]


def _read(file: RawIOBase, start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    while start < end:
        block = file.read(min(BLOCK, end - start))
        if not block:
            raise OSError(errno.EIO, "it was cut off while it was read")
        yield block
        start += len(block)


@contextmanager
def _served(image: Path, qemu_format: str) -> Iterator[Export]:
    tool = require_tool("qemu-nbd", "qemu-utils")
    with scratch("content") as place, _short_name(place) as directory:
        address, log = directory / "nbd.sock", place / "nbd.log"
        command = [
            *("prlimit", f"--as={_MEMORY}", "--", "env", "MALLOC_ARENA_MAX=1"),
            *(tool, "--read-only", f"--socket={address}"),
            pseudo_name(image, qemu_format),
        ]
        with (
            start(command, purpose=f"read {image}", log=log) as server,
            _connected(server, address) as connection,
        ):
            try:
                yield Export(connection)
            except NbdError as error:
                said = " ".join(server.tail()[-3:])
                raise NbdError(f"{error}: {said}" if said else str(error)) from error


@contextmanager
def _short_name(directory: Path) -> Iterator[Path]:
    """A name of a directory that is short: the address of a socket has 107 bytes (unix(7))."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield Path(f"/proc/{os.getpid()}/fd/{descriptor}")
    finally:
        os.close(descriptor)


@contextmanager
def _connected(server: Running, address: Path) -> Iterator[socket.socket]:
    deadline = time.monotonic() + _START_LIMIT
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_ANSWER_LIMIT)
        while True:
            try:
                connection.connect(str(address))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if server.status is not None:
                    raise NbdError(" ".join(server.tail()[-3:]) or "qemu-nbd ended") from None
                if time.monotonic() > deadline:
                    raise NbdError(
                        f"qemu-nbd did not begin to serve it within {_START_LIMIT:.0f} s"
                    ) from None
                time.sleep(_POLL)
        yield connection
