"""Whether this machine runs programs of another architecture: by the kernel's binfmt_misc.

Source: the kernel's ``Documentation/admin-guide/binfmt-misc.rst``.
"""

import platform
import struct
from collections.abc import Iterator
from pathlib import Path

from builder.architecture import Architecture

REGISTERED = Path("/proc/sys/fs/binfmt_misc")

_REGISTER = "/usr/lib/systemd/systemd-binfmt qemu-{}.conf"
"""Registers what Debian's package has in ``/usr/lib/binfmt.d``, as every boot with systemd does."""


def is_foreign(architecture: Architecture) -> bool:
    """Whether its programs are not those of this machine's own processor."""
    return platform.machine() != architecture.name


def obstacle(architecture: Architecture, registered: Path = REGISTERED) -> tuple[str, str] | None:
    """Why its programs do not run in a build here, and what helps; None where they do.

    The kernel must have opened the emulator itself (flag F): a build's chroot has no such file.
    """
    what = f"programs of {architecture.name} do not run here: "
    register = _REGISTER.format(architecture.name)
    if not is_foreign(architecture):
        return None
    if not (registered / "status").exists():
        return (
            f"{what}{registered} is not mounted",
            f"mount -t binfmt_misc binfmt_misc {registered} && {register}",
        )
    flags = list(_flags(registered, _head(architecture)))
    if not flags:
        return f"{what}the kernel has no emulator of them registered", register
    if not any("F" in each for each in flags):
        return f"{what}their emulator is registered without the flag F", register
    return None


def _head(architecture: Architecture) -> bytes:
    """The first bytes of its programs: those of elf(5), 64 bits, little-endian, an executable."""
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 2, architecture.elf_machine)


def _flags(registered: Path, head: bytes) -> Iterator[str]:
    """Those of each emulator that is enabled for programs with this head."""
    if (registered / "status").read_text().strip() != "enabled":
        return
    for path in sorted(registered.iterdir()):
        if path.name in {"register", "status"}:
            continue
        enabled, *lines = path.read_text().splitlines()
        words = (line.partition(" ") for line in lines)
        told = {name.rstrip(":"): value for name, _, value in words}
        if enabled == "enabled" and _matches(head, told):
            yield told.get("flags", "")


def _matches(head: bytes, told: dict[str, str]) -> bool:
    magic = bytes.fromhex(told.get("magic", ""))
    mask = bytes.fromhex(told.get("mask", "ff" * len(magic)))
    start = int(told.get("offset", "0"))
    part = head[start : start + len(magic)]
    return bool(magic) and bytes(a & b for a, b in zip(part, mask, strict=False)) == magic
