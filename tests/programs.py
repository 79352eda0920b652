"""The beginnings of programs, as far as they tell which processors they are for."""

import struct

MACHINES = {
    "i686": (3, 1),
    "ppc64le": (21, 2),
    "s390x": (22, 2),
    "x86_64": (62, 2),
    "aarch64": (183, 2),
    "riscv64": (243, 2),
}
BIG = ("s390x",)


def program(architecture: str = "x86_64") -> bytes:
    """The header of ELF, of which only the identification and the machine are filled in."""
    machine, size = MACHINES[architecture]
    big = architecture in BIG
    head = b"\x7fELF" + bytes([size, 2 if big else 1, 1])
    return head.ljust(16, b"\0") + struct.pack(">HH" if big else "<HH", 3, machine)
