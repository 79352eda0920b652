"""A disk on which a Windows seems to be installed: an NTFS with the hives that tell of it.

Nothing of Microsoft's is in it. The hives grow from an empty one, whose layout is that of hivex's
own notes on the format, by libguestfs' hivex.
"""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from writable_disks import open_disks

from builder.feature import RegistryValue

CONFIG = "/Windows/System32/config"
DRIVERS = "/Windows/System32/drivers"

Values = Mapping[str, RegistryValue]

SOFTWARE: Mapping[str, Values] = {
    r"Microsoft\Windows NT\CurrentVersion": {
        "ProductName": "Windows Server 2022 Standard",
        "CurrentVersion": "6.3",
        "CurrentMajorVersionNumber": 10,
        "CurrentMinorVersionNumber": 0,
        "InstallationType": "Server",
    }
}


def system(services: Mapping[str, Values]) -> Mapping[str, Values]:
    """The hive SYSTEM with services and drivers."""
    return {
        "Select": {"Current": 1, "Default": 1},
        r"ControlSet001\Control\Session Manager\Environment": {"PROCESSOR_ARCHITECTURE": "AMD64"},
        **{rf"ControlSet001\Services\{name}": values for name, values in services.items()},
    }


def make(disk: Path, services: Mapping[str, Values], drivers: tuple[str, ...]) -> None:
    """Write the disk, in one start of libguestfs' appliance."""
    with disk.open("wb") as file:
        file.truncate(96 << 20)
    scratch = disk.with_suffix(".part")
    handle = open_disks([disk], "raw")
    try:
        handle.part_disk("/dev/sda", "gpt")
        handle.mkfs("ntfs", "/dev/sda1")
        handle.mount("/dev/sda1", "/")
        handle.mkdir_p(CONFIG)
        handle.mkdir_p(DRIVERS)
        handle.write("/Windows/System32/cmd.exe", pe())
        for name in drivers:
            handle.write(f"{DRIVERS}/{name}", b"MZ")
        for name, keys in (("SOFTWARE", SOFTWARE), ("SYSTEM", system(services))):
            scratch.write_bytes(empty_hive())
            handle.upload(str(scratch), f"{CONFIG}/{name}")
            fill(handle, f"{CONFIG}/{name}", keys)
        handle.umount_all()
    finally:
        handle.shutdown()
        handle.close()
        scratch.unlink(missing_ok=True)


def fill(handle: Any, hive: str, keys: Mapping[str, Values]) -> None:
    handle.hivex_open(hive, write=True)
    for key, values in keys.items():
        node = handle.hivex_root()
        for name in key.split("\\"):
            node = handle.hivex_node_get_child(node, name) or handle.hivex_node_add_child(
                node, name
            )
        for name, value in values.items():
            if isinstance(value, tuple):
                texts = "".join(f"{text}\0" for text in (*value, ""))
                handle.hivex_node_set_value(node, name, 7, texts.encode("utf-16-le"))
            elif isinstance(value, int):
                handle.hivex_node_set_value(node, name, 4, struct.pack("<I", value))
            else:
                handle.hivex_node_set_value(node, name, 1, f"{value}\0".encode("utf-16-le"))
    handle.hivex_commit(None)
    handle.hivex_close()


def pe() -> bytes:
    """The beginning of a 64-bit console program, as far as file(1) looks."""
    header = bytearray(0x200)
    header[:2] = b"MZ"
    struct.pack_into("<I", header, 0x3C, 0x80)
    struct.pack_into("<4sHHIIIHH", header, 0x80, b"PE\0\0", 0x8664, 1, 0, 0, 0, 0xF0, 0x22)
    struct.pack_into("<H", header, 0x98, 0x20B)
    struct.pack_into("<H", header, 0x98 + 68, 3)
    return bytes(header)


def empty_hive() -> bytes:
    """A hive with a root key, its security descriptor, and nothing else."""
    none = 0xFFFFFFFF
    descriptor = struct.pack("<BBHIIII", 1, 0, 0x8000, 0, 0, 0, 0)
    key_at, key_size, security_size = 0x20, 88, 48
    security_at = key_at + key_size
    key = struct.pack(
        "<2sHQIIIIIIIIIIIIIIIHH4s",
        b"nk", 0x2C, 0, 0, none, 0, 0, none, none, 0, none, security_at, none, 0, 0, 0, 0, 0, 4, 0,
        b"ROOT",
    )  # fmt: skip
    security = struct.pack(
        "<2sHIIII", b"sk", 0, security_at, security_at, 1, len(descriptor)
    ) + descriptor  # fmt: skip
    bin_header = struct.pack("<4sIIQQI", b"hbin", 0, 0x1000, 0, 0, 0)
    cells = _cell(key, key_size) + _cell(security, security_size)
    free = 0x1000 - len(bin_header) - len(cells)
    page = bin_header + cells + struct.pack("<i", free).ljust(free, b"\0")
    base = bytearray(0x1000)
    struct.pack_into("<4sIIQIIIIIII", base, 0, b"regf", 1, 1, 0, 1, 3, 0, 1, key_at, 0x1000, 1)
    checksum = 0
    for (word,) in struct.iter_unpack("<I", base[:508]):
        checksum ^= word
    struct.pack_into("<I", base, 508, checksum)
    return bytes(base) + page


def _cell(content: bytes, size: int) -> bytes:
    return struct.pack("<i", -size) + content.ljust(size - 4, b"\0")
