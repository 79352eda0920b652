"""Whether the file of a kernel is whole, by what its own headers say.

Sources: the kernel's ``Documentation/arch/x86/boot.rst`` (``setup_sects``, ``syssize``), the
section tables of Microsoft's PE format and of ELF (gABI), RFC 1952. What has another form is not
judged.
"""

import struct
import zlib
from collections.abc import Callable, Mapping

_PARAGRAPH, _SECTOR = 16, 512
_SETUP_MAGIC = 0x202, b"HdrS"
_SLACK = _SECTOR
"""Bytes: what the build of a kernel counts beyond its file's end."""

_PE_OFFSET = 0x3C
_PE_MAGIC = b"PE\0\0"
_COFF = struct.Struct("<2xH12xH2x")
_SECTION = struct.Struct("<16x2I16x")  # size and offset of its bytes in the file

_ELF_BIG, _ELF_64 = 2, 2
_CHUNK = 1 << 20
_UNPACKED_LIMIT = 1 << 28  # bytes: kernels of distributions unpack to about 60 MB


def defect(data: bytes) -> str:
    """Why it is no whole kernel; empty where it is whole, or of another form."""
    if not data.strip(b"\0"):
        return "has nothing but zero bytes" if data else "is empty"
    for magic, judge in _FORMS.items():
        if data.startswith(magic):
            return judge(data)
    return ""


def _of_program(data: bytes) -> str:
    """A bzImage, or another kernel that UEFI can start."""
    needed = 0
    offset, magic = _SETUP_MAGIC
    if data[offset : offset + len(magic)] == magic:
        sectors, size = struct.unpack_from("<BxxI", data, 0x1F1)
        needed = ((sectors or 4) + 1) * _SECTOR + size * _PARAGRAPH - _SLACK
    return _cut_off(data, max(needed, _end_of_sections(data)))


def _end_of_sections(data: bytes) -> int:
    try:
        (start,) = struct.unpack_from("<I", data, _PE_OFFSET)
        if data[start : start + 4] != _PE_MAGIC:
            return 0
        count, optional = _COFF.unpack_from(data, start + 4)
        table = start + 4 + _COFF.size + optional
        sections = (_SECTION.unpack_from(data, table + n * _SECTION.size) for n in range(count))
        return max((size + offset for size, offset in sections if size), default=0)
    except struct.error:  # the table itself is not there
        return len(data) + 1


def _of_elf(data: bytes) -> str:
    if data[4:5] != bytes([_ELF_64]):
        return ""
    order = ">" if data[5:6] == bytes([_ELF_BIG]) else "<"
    try:
        (table,) = struct.unpack_from(f"{order}Q", data, 0x28)
        size, count = struct.unpack_from(f"{order}2H", data, 0x3A)
    except struct.error:
        return _cut_off(data, len(data) + 1)
    return _cut_off(data, table + size * count)


def _of_gzip(data: bytes) -> str:
    unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    unpacked = 0
    for start in range(0, len(data), _CHUNK):
        try:
            unpacked += len(unpacking.decompress(data[start : start + _CHUNK], _UNPACKED_LIMIT))
        except zlib.error as error:
            return f"cannot be unpacked ({error})"
        if unpacking.eof or unpacked >= _UNPACKED_LIMIT:
            return ""
    return "is cut off: its gzip data have no end"


def _cut_off(data: bytes, needed: int) -> str:
    return (
        f"is cut off: it has {len(data)} of at least {needed} bytes" if needed > len(data) else ""
    )


_FORMS: Mapping[bytes, Callable[[bytes], str]] = {
    b"MZ": _of_program,
    b"\x7fELF": _of_elf,
    b"\x1f\x8b": _of_gzip,
}
