"""The ids and the time that QEMU writes into VMDK, VHD and VHDX: equal disks give equal files.

Sources: VMware's Virtual Disk Format 5.0 (descriptor); Microsoft's Virtual Hard Disk Image Format
1.0 (footer and its copy); MS-VHDX 2.2.2 (headers), 2.2.3 (region table), 2.3 (log), 2.6 (metadata).
"""

import re
import struct
import uuid
from pathlib import Path
from typing import BinaryIO

from builder.profile.model import DiskFormat

_DESCRIPTOR = 64 << 10
"""Bytes at the beginning of a VMDK in which its descriptor is."""

_FOOTER = 512
_VHD_EPOCH = 946_684_800  # 2000-01-01 in seconds since 1970

_HEADERS, _HEADER_SIZE = (64 << 10, 128 << 10), 4 << 10
_REGIONS = 192 << 10
_METADATA = uuid.UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e")
_PAGE_83 = uuid.UUID("beca12ab-b2e6-4523-93ef-c309e000c746")
"""The disk's own id among the metadata."""
_CRC32C = 0x82F63B78


def settle_ids(image: Path, image_format: DiskFormat, own: uuid.UUID, date: int) -> None:
    """Give an image that QEMU has just written ``own`` ids, and a time in seconds since 1970."""
    with image.open("r+b") as file:
        match image_format:
            case "vmdk":
                _settle_vmdk(file, own)
            case "vhd":
                _settle_vhd(file, own, date)
            case "vhdx":
                _settle_vhdx(file, own)
            case "qcow2" | "raw":
                pass  # they have none


def _settle_vmdk(file: BinaryIO, own: uuid.UUID) -> None:
    start = file.read(_DESCRIPTOR)
    content_id = f"\nCID={own.int & 0x7FFFFFFF:08x}\n".encode()
    # QEMU writes no leading zeros. Of the zeros that follow the text as many go as are added.
    settled = re.sub(
        rb"\nCID=([0-9a-f]{1,8})(\n[^\0]*)(\0{8})",
        lambda found: content_id + found[2][1:] + found[3][8 - len(found[1]) :],
        start,
        count=1,
    )
    file.seek(0)
    file.write(settled)


def _settle_vhd(file: BinaryIO, own: uuid.UUID, date: int) -> None:
    file.seek(-_FOOTER, 2)
    footer = bytearray(file.read())
    struct.pack_into(">I", footer, 24, max(0, date - _VHD_EPOCH))
    struct.pack_into(">I16s", footer, 64, 0, own.bytes)
    struct.pack_into(">I", footer, 64, ~sum(footer) & 0xFFFFFFFF)
    for place, whence in ((0, 0), (-_FOOTER, 2)):
        file.seek(place, whence)
        file.write(footer)


def _settle_vhdx(file: BinaryIO, own: uuid.UUID) -> None:
    headers = {place: bytearray(_read(file, place, _HEADER_SIZE)) for place in _HEADERS}
    in_turn = sorted(headers, key=lambda place: struct.unpack_from("<Q", headers[place], 8))
    for number, place in enumerate(in_turn, 1):  # the last one counts
        header = headers[place]
        struct.pack_into("<IQ", header, 4, 0, number)
        struct.pack_into("<16s16s", header, 16, own.bytes_le, own.bytes_le)
        struct.pack_into("<I", header, 4, _crc32c(bytes(header)))
        file.seek(place)
        file.write(header)
    log_id, log_size, log_place = struct.unpack_from("<48x16s4xIQ", header)
    if not any(log_id):  # nothing in it is to be done any more
        file.seek(log_place)
        file.write(bytes(log_size))
    metadata, _ = _entry(file, _REGIONS + 16, "<16sQI4x", _METADATA)
    page_83, size = _entry(file, metadata + 32, "<16sII8x", _PAGE_83)
    file.seek(metadata + page_83)
    file.write(own.bytes_le[:size])


def _entry(file: BinaryIO, table: int, shape: str, wanted: uuid.UUID) -> tuple[int, int]:
    """Place and size of what a table has by its id. Raises ``KeyError``."""
    entries = _read(file, table, struct.calcsize(shape) * 64)
    found = {name: (place, size) for name, place, size in struct.iter_unpack(shape, entries)}
    return found[wanted.bytes_le]


def _read(file: BinaryIO, place: int, size: int) -> bytes:
    file.seek(place)
    return file.read(size)


def _crc32c(content: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (_CRC32C if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
