"""What this machine must have before work starts: programs, rights, space, memory."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from builder import disk, swtpm, vm
from builder.boots import Boot
from builder.errors import HostError, InputError

BUILD_TOOLS: Mapping[str, str] = {
    "sudo": "sudo",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "sfdisk": "fdisk",
    "mke2fs": "e2fsprogs",
    "mkfs.vfat": "dosfstools",
    "fatlabel": "dosfstools",
    "mcopy": "mtools",
    "qemu-img": "qemu-utils",
    "zstd": "zstd",
}
"""Programs that every build runs, and the Debian packages that have them."""

GIB = 1024**3
SPACE_IN_MEMORY = 2 * GIB
SPACE_ON_DISK = 6 * GIB
MEMORY = 5 * GIB
"""Available memory from which on the tree and the raw disk are kept in it: they take 3 GiB."""


def available_memory(meminfo: Path = Path("/proc/meminfo")) -> int:
    """Bytes that can be used without swapping, as the kernel estimates it."""
    for line in meminfo.read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def works_in_memory() -> bool:
    """Whether a build's scratch files fit into memory; half of the build's time hangs on it."""
    return available_memory() >= MEMORY


PROOF_TOOLS: Mapping[str, str] = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "genisoimage": "genisoimage",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "setpriv": "util-linux",
}
"""Programs that a proof runs, and the Debian packages that have them."""


PROOF_SPACE = 2 * GIB
"""What the overlays of two guests and libguestfs' appliance take at most, about."""
TUN = Path("/dev/net/tun")


def require_for_proof(boots: Iterable[Boot]) -> None:
    """Raise ``HostError`` with everything that this machine lacks for a proof at once.

    ``boots`` tell what their machines need besides. Nothing is started: a kernel that libguestfs
    cannot use, for one, shows later.
    """
    lacks: list[str] = []
    remedies: list[str] = []
    machines = [boot.machine for boot in boots]
    missing = sorted({package for tool, package in PROOF_TOOLS.items() if not shutil.which(tool)})
    if any(machine.firmware == "uefi" for machine in machines) and not _has_uefi():
        missing.append("ovmf")
    if any(machine.tpm for machine in machines) and not shutil.which(swtpm.PROGRAM):
        missing.append("swtpm")
    if missing:
        lacks.append(f"It lacks what is in the packages {' '.join(missing)}.")
        remedies.append(f"Remedy: apt-get install {' '.join(missing)} (or 'make host').")
    for error in disk.lacks():
        lacks += [error.message, *error.details]
        remedies.append(error.hint)
    if any(machine.multiqueue for machine in machines) and not TUN.exists():
        lacks.append(f"It lacks {TUN}, which a NIC with several queues needs.")
        remedies.append("Load its driver: modprobe tun.")
    scratch = Path(tempfile.gettempdir())
    free = shutil.disk_usage(scratch).free
    if free < PROOF_SPACE:
        lacks.append(
            f"{scratch} has {free / GIB:.1f} GiB free, a proof needs {PROOF_SPACE / GIB:.0f}."
        )
        remedies.append("Make room, or choose another directory with TMPDIR.")
    if lacks:
        raise HostError(
            "This machine cannot prove an image yet.", details=lacks, hint=" ".join(remedies)
        )


def _has_uefi() -> bool:
    return any(vm.FIRMWARE_DESCRIPTORS.glob("*.json"))


def require_for_build(directory: Path, tools: Mapping[str, str], *, in_memory: bool) -> None:
    """Raise ``HostError`` with everything that this machine lacks for a build at once.

    ``tools`` are the programs that the image's distribution needs besides, with their packages.
    """
    lacks: list[str] = []
    if os.geteuid() != 0:
        lacks.append("root's rights: a build makes files that belong to root")
    needed_tools = {**BUILD_TOOLS, **tools}
    missing = sorted({package for tool, package in needed_tools.items() if not shutil.which(tool)})
    if missing:
        lacks.append(f"programs of the packages {' '.join(missing)}")
    needed = SPACE_IN_MEMORY if in_memory else SPACE_ON_DISK
    free = shutil.disk_usage(_existing(directory)).free
    if free < needed:
        lacks.append(
            f"space: {directory} has {free / GIB:.1f} GiB free, a build needs {needed / GIB:.0f}"
        )
    if not lacks:
        return
    remedies = []
    if os.geteuid() != 0:
        remedies.append("run it as root (sudo)")
    if missing:
        remedies.append(f"apt-get install {' '.join(missing)} (or 'make host')")
    if free < needed:
        remedies.append("make room, or choose another directory with --output")
    raise HostError(
        "This machine cannot build an image yet.",
        details=[f"It lacks {lack}." for lack in lacks],
        hint="Remedy: " + "; ".join(remedies) + ".",
    )


def require_plain(directory: Path, option: str) -> None:
    """Raise ``InputError`` if a program that builds would take the path for something else.

    diskimage-builder's shell scripts split it, mtools take what follows @@ for an offset.
    """
    special = sorted(set(re.findall(r"@@|[\s\"'\\$`*?;&|<>()\[\]{}!#]", str(directory))))
    if special:
        raise InputError(
            f"No build can work in {directory}.",
            details=[
                f"The programs that build cannot take a path with {' '.join(map(repr, special))}."
            ],
            hint=f"Choose another directory ({option}).",
        )


def _existing(directory: Path) -> Path:
    """The nearest directory above that exists."""
    while not directory.exists():
        directory = directory.parent
    return directory
