"""What an initrd holds, as initramfs-tools and dracut write it.

Format: the kernel's ``Documentation/driver-api/early-userspace/buffer-format.rst`` and
``init/initramfs.c``: newc cpio archives, each plain or compressed, with zero bytes between them.
Microcode, and modules that are compressed already, come first in a plain archive.
"""

import bz2
import lzma
import re
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import lz4.block  # type: ignore[import-untyped]  # ships no types

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

UNPACKED_LIMIT = 1 << 30
"""Bytes. The largest initrds of distributions, with every driver, unpack to about 300 MB."""

PIECES_LIMIT = 10_000
"""Compressed frames. bgzip makes the most of the tools: one for each 64 KiB."""

ENTRIES_LIMIT = 200_000
"""Files. The largest initrds of distributions have about 20,000."""

_CHUNK = 1 << 18
_DECODER_MEMORY = 1 << 28  # bytes that an xz dictionary may take; the kernel's own limit is lower

_HEADER = struct.Struct(">13I")
_HEADER_SIZE = 110  # six bytes of magic, then thirteen numbers of eight hexadecimal digits
_MAGICS = (b"070701", b"070702")  # without and with checksums
_PATH_MAX = 4096
_LINK_MAX = 4096
_SYMLINK = 0o120000
_FILE_TYPE = 0o170000
_TRAILER = "TRAILER!!!"

_LZ4_BLOCK = 8 << 20  # bytes: what a block of LZ4's legacy frame unpacks to at most
_LZ4_MAGIC = b"\x02\x21\x4c\x18"

_MODULE = re.compile(r"(?:usr/)?lib/modules/([^/]+)/(?:.*/)?([^/]{1,64})\.ko(?:\.(?:xz|zst|gz))?")


class InitrdError(ValueError):
    """The bytes are no initrd. The message says at which offset and what was expected there."""


@dataclass(frozen=True)
class Contents:
    """What an initrd has for one kernel."""

    modules: frozenset[str]
    """Those that it can load into the kernel, with underscores."""
    has_init: bool
    """Whether it has what the kernel starts; a kernel passes over one that has not."""


def read(data: bytes, release: str) -> Contents:
    """Unpack an initrd and say what is in it for the kernel ``release``. Raises ``InitrdError``."""
    modules = set()
    has_init = False
    for name in file_names(data):
        has_init |= name == "init"
        match = _MODULE.fullmatch(name)
        if match is not None and match[1] == release:
            modules.add(match[2].replace("-", "_"))
    return Contents(frozenset(modules), has_init)


def file_names(data: bytes) -> Iterator[str]:
    """Every path in every archive of the initrd, relative to its root.

    Raises ``InitrdError`` where the bytes are truncated, corrupt, of an unknown compression, or
    unpack to more than ``UNPACKED_LIMIT``.
    """
    position = _skip_zeros(data, 0)
    if position == len(data):
        raise InitrdError(f"offset 0: expected a cpio archive, found {len(data)} bytes of nothing")
    budget, pieces = UNPACKED_LIMIT, _Count(PIECES_LIMIT, "compressed pieces")
    entries = _Count(ENTRIES_LIMIT, "files")
    while position < len(data):
        member = _Member(data, position, pieces)
        reader = _Reader(member, budget)
        yield from _archives(reader, entries)
        budget = reader.budget
        position = _skip_zeros(data, member.end)


class _Count:
    """Counts what may be repeated at nearly no cost in bytes."""

    def __init__(self, limit: int, what: str) -> None:
        self._left = limit
        self._refusal = f"expected at most {limit} {what} in the whole initrd"

    def one_more(self, where: str) -> None:
        self._left -= 1
        if self._left < 0:
            raise InitrdError(f"{where}: {self._refusal}")


def _skip_zeros(data: bytes, position: int) -> int:
    while position < len(data) and data[position] == 0:
        zeros = data[position : position + _CHUNK]
        position += len(zeros) - len(zeros.lstrip(b"\0"))
    return position


class _Decompressor(Protocol):
    """The shape that bz2, lzma and zstd share."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    """zlib's decompressor in the shape of the others."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)


def _xz() -> _Decompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_DECODER_MEMORY)


def _lzma() -> _Decompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_DECODER_MEMORY)


_STREAMS: dict[bytes, tuple[str, Callable[[], _Decompressor]]] = {
    b"\x1f\x8b": ("gzip", _Gzip),
    b"\xfd7zXZ\0": ("xz", _xz),
    b"\x28\xb5\x2f\xfd": ("zstd", zstd.ZstdDecompressor),
    b"BZh": ("bzip2", bz2.BZ2Decompressor),
    b"\x5d\0\0": ("lzma", _lzma),
}


class _Member:
    """One stretch of the initrd: plain archives, or frames of one compression.

    Iterating yields what it unpacks to; afterwards ``end`` is the offset behind it.
    """

    def __init__(self, data: bytes, start: int, pieces: _Count) -> None:
        self.end = start
        pieces.one_more(f"offset {start}")
        self._pieces = pieces
        self.plain = data.startswith(_MAGICS, start)
        self._data = data
        self._start = start

    def __iter__(self) -> Iterator[bytes]:
        if self.plain:
            yield from self._plain()
        elif self._data.startswith(_LZ4_MAGIC, self._start):
            yield from self._lz4()
        else:
            yield from self._stream()

    def where(self, unpacked: int) -> str:
        """Name a place that lies so many bytes behind the start, after unpacking."""
        if self.plain:
            return f"offset {self._start + unpacked}"
        return f"offset {unpacked} of what is compressed at offset {self._start}"

    def _plain(self) -> Iterator[bytes]:
        while self.end < len(self._data):
            chunk = self._data[self.end : self.end + _CHUNK]
            self.end += len(chunk)
            yield chunk

    def _lz4(self) -> Iterator[bytes]:
        """LZ4's legacy frame has no end mark: it ends where no sensible block size follows."""
        data = self._data
        largest = _LZ4_BLOCK + _LZ4_BLOCK // 255 + 16  # LZ4_COMPRESSBOUND
        while True:
            if data.startswith(_LZ4_MAGIC, self.end):
                self.end += len(_LZ4_MAGIC)
            size = int.from_bytes(data[self.end : self.end + 4], "little")
            if not 0 < size <= largest:
                return
            self._pieces.one_more(f"offset {self.end}")
            block = data[self.end + 4 : self.end + 4 + size]
            if len(block) < size:
                raise InitrdError(
                    f"offset {self.end}: expected an lz4 block of {size} bytes,"
                    f" found {len(block)}; the initrd is truncated"
                )
            try:
                unpacked: bytes = lz4.block.decompress(block, uncompressed_size=_LZ4_BLOCK)
            except lz4.block.LZ4BlockError as error:
                raise InitrdError(f"offset {self.end}: expected an lz4 block: {error}") from error
            self.end += 4 + size
            yield unpacked

    def _stream(self) -> Iterator[bytes]:
        data = self._data
        for magic, (name, decompressor) in _STREAMS.items():
            if data.startswith(magic, self._start):
                while data.startswith(magic, self.end):
                    yield from self._frame(name, decompressor())
                return
        raise InitrdError(
            f"offset {self._start}: expected a cpio archive, plain or compressed by gzip, xz, zstd,"
            f" lz4 -l, bzip2 or lzma, found {data[self._start : self._start + 6]!r}"
        )

    def _frame(self, name: str, decompressor: _Decompressor) -> Iterator[bytes]:
        start = self.end
        self._pieces.one_more(f"offset {start}")
        while not decompressor.eof:
            chunk = b""
            if decompressor.needs_input:
                chunk = self._data[self.end : self.end + _CHUNK]
                if not chunk:
                    raise InitrdError(
                        f"offset {self.end}: expected the end of the {name} data that begins at"
                        f" offset {start}; the initrd is truncated"
                    )
                self.end += len(chunk)
            try:
                unpacked = decompressor.decompress(chunk, _CHUNK)
            except (zlib.error, lzma.LZMAError, zstd.ZstdError, OSError) as error:  # OSError: bz2
                raise InitrdError(f"offset {start}: expected {name} data: {error}") from error
            if unpacked:
                yield unpacked
        self.end -= len(decompressor.unused_data)


class _Reader:
    """Reads a member forward, so that little more is held than the chunk in hand."""

    def __init__(self, member: _Member, budget: int) -> None:
        self.member = member
        self.budget = budget
        self._chunks = iter(member)
        self._chunk = b""
        self._at = 0
        self._before = 0  # bytes of the chunks before this one

    @property
    def where(self) -> str:
        return self.member.where(self._before + self._at)

    def take(self, size: int, what: str) -> bytes:
        """Return the next bytes; ``what`` names them should the data end before."""
        if not self._holds(size):
            raise self._truncated(what)
        taken = self._chunk[self._at : self._at + size]
        self._at += size
        return taken

    def skip(self, size: int, what: str) -> None:
        """Go forward; ``what`` names the bytes should the data end before."""
        while size:
            if not self._holds(1):
                raise self._truncated(what)
            step = min(size, len(self._chunk) - self._at)
            self._at += step
            size -= step

    def skip_zeros(self) -> bool:
        """Go to the next byte that is not zero; False where there is none."""
        while self._holds(1):
            if self._chunk[self._at]:
                return True
            rest = self._chunk[self._at :].lstrip(b"\0")
            self._at = len(self._chunk) - len(rest)
            if rest:
                return True
        return False

    def at_archive(self) -> bool:
        """Whether a plain archive begins here. Gives back what belongs to the next member."""
        self._holds(len(_MAGICS[0]))
        if self._chunk.startswith(_MAGICS, self._at):
            return True
        if not self.member.plain:
            found = self._chunk[self._at : self._at + 6]
            raise InitrdError(f"{self.where}: expected a cpio archive, found {found!r}")
        self.member.end -= len(self._chunk) - self._at
        return False

    def _holds(self, size: int) -> bool:
        """Whether so many bytes follow; they are in the chunk then."""
        while len(self._chunk) - self._at < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                return False
            self.budget -= len(chunk)
            if self.budget < 0:
                raise InitrdError(
                    f"{self.where}: expected at most {UNPACKED_LIMIT >> 20} MiB in the whole initrd"
                )
            self._before += self._at
            self._chunk = self._chunk[self._at :] + chunk
            self._at = 0
        return True

    def _truncated(self, what: str) -> InitrdError:
        return InitrdError(f"{self.where}: expected {what}; the archive is truncated")


def _archives(reader: _Reader, entries: _Count) -> Iterator[str]:
    while reader.skip_zeros() and reader.at_archive():
        entries.one_more(reader.where)
        while (name := _entry(reader)) != _TRAILER:
            entries.one_more(reader.where)
            yield name


def _entry(reader: _Reader) -> str:
    """Read one entry of an archive past its content, and return its path."""
    where = reader.where
    header = reader.take(_HEADER_SIZE, "the header of a cpio entry")
    if not header.startswith(_MAGICS):
        raise InitrdError(f"{where}: expected the magic of a cpio entry, found {header[:6]!r}")
    try:
        fields = _HEADER.unpack(bytes.fromhex(header[6:].decode("ascii")))
    except (ValueError, struct.error) as error:
        raise InitrdError(f"{where}: expected thirteen hexadecimal numbers: {error}") from error
    mode, size, name_size = fields[1], fields[6], fields[11]
    if not 0 < name_size <= _PATH_MAX:
        raise InitrdError(f"{where}: expected a name of 1 to {_PATH_MAX} bytes, found {name_size}")
    if mode & _FILE_TYPE == _SYMLINK and size > _LINK_MAX:
        raise InitrdError(f"{where}: expected a link of up to {_LINK_MAX} bytes, found {size}")
    name = reader.take(name_size, "the name of a cpio entry")
    reader.skip(-(_HEADER_SIZE + name_size) % 4, "padding")
    reader.skip(size, f"{size} bytes of content")
    reader.skip(-size % 4, "padding")
    return name.rstrip(b"\0").decode(errors="replace").removeprefix("./").removeprefix("/")
