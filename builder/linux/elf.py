"""For which processors the programs on a disk are built: the header of ELF (gABI, chapter 4)."""

import struct

from builder.feature import Filesystem

ARCHITECTURES = {
    (3, 1): "i686",
    (21, 2): "ppc64le",
    (22, 2): "s390x",
    (40, 1): "armv7l",
    (62, 2): "x86_64",
    (183, 2): "aarch64",
    (243, 2): "riscv64",
    (258, 2): "loongarch64",
}
"""Names as ``uname -m`` has them, by ``e_machine`` and class (1 of 32 bits, 2 of 64)."""

PROGRAMS = ("/bin/sh", "/usr/bin/env", "/sbin/init")
"""Every Linux has one of them, and it is for the processor that runs the guest."""

_MAGIC = b"\x7fELF"
_MACHINE = 18
_BIG = 2


def architecture(disk: Filesystem) -> str:
    """The architecture of the disk's own programs; empty where none of them tells one."""
    return next(filter(None, (of_program(_content(disk, path)) for path in PROGRAMS)), "")


def of_program(content: bytes) -> str:
    """The architecture that a program is built for; empty for what is no such program."""
    if len(content) < _MACHINE + 2 or not content.startswith(_MAGIC):
        return ""
    size, order = content[4], content[5]
    (machine,) = struct.unpack_from(">H" if order == _BIG else "<H", content, _MACHINE)
    name = ARCHITECTURES.get((machine, size), "")
    return "ppc64" if (name, order) == ("ppc64le", _BIG) else name


def _content(disk: Filesystem, path: str) -> bytes:
    try:
        return disk.read_bytes(path)
    except FileNotFoundError:
        return b""
