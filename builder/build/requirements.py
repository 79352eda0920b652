"""What this machine must have before work starts: programs, rights, space, memory."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from builder.architecture import ARCHITECTURES
from builder.build import space_needs
from builder.distribution import Distribution
from builder.errors import HostError, InputError
from builder.host.debian_packages import installation, programs_for
from builder.host.foreign_programs import is_foreign, obstacle
from builder.host.room import GIB

BUILD_TOOLS: Mapping[str, str] = programs_for("build")
"""Programs that every build runs, and the Debian packages that have them."""

MEMORY = 4 * GIB
"""Available memory from which on the tree is kept in it: it takes 1.2 GiB, a large one 2."""


def available_memory(meminfo: Path = Path("/proc/meminfo")) -> int:
    """Bytes that can be used without swapping, as the kernel estimates it."""
    for line in meminfo.read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def works_in_memory() -> bool:
    """Whether a build's scratch files fit into memory; half of the build's time hangs on it."""
    return available_memory() >= MEMORY


def require_for_build(
    directory: Path, cache: Path, distribution: Distribution, *, in_memory: bool
) -> None:
    """Raise ``HostError`` with everything that this machine lacks for a build at once.

    That includes the programs and the keyring that the image's distribution needs, and room in the
    ``directory`` of the images and in the packages' ``cache``.
    """
    lacks: list[str] = []
    if os.geteuid() != 0:
        lacks.append("root's rights: a build makes files that belong to root")
    missing = missing_packages(programs_of(distribution))
    if missing:
        lacks.append(f"programs of the packages {' '.join(missing)}")
    unable = obstacle(ARCHITECTURES[distribution.architecture])
    if unable:
        lacks.append(f"an emulator: {unable[0]}")
    if distribution.keyring and not Path(distribution.keyring).is_file():
        lacks.append(f"the keyring {distribution.keyring}, which packages are checked by")
        missing.append(distribution.keyring_package)
    rooms = (space_needs.output(directory, in_memory=in_memory), space_needs.packages(cache))
    small = [room for room in rooms if not room.suffices]
    lacks += [f"space: {room}" for room in small]
    if not lacks:
        return
    remedies = []
    if os.geteuid() != 0:
        remedies.append("run it as root (sudo)")
    if missing:
        remedies.append(installation(missing))
    if unable:
        remedies.append(unable[1])
    remedies += [room.remedy for room in small]
    raise HostError(
        "This machine cannot build an image yet.",
        details=[f"It lacks {lack}." for lack in lacks],
        hint="Remedy: " + "; ".join(remedies) + ".",
    )


def programs_of(distribution: Distribution) -> Mapping[str, str]:
    """The programs that a build of it runs, and the Debian packages that have them."""
    architecture = ARCHITECTURES[distribution.architecture]
    emulation = programs_for(f"build-{architecture.name}") if is_foreign(architecture) else {}
    return {**BUILD_TOOLS, **distribution.tools, **emulation}


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


def missing_packages(programs: Mapping[str, str]) -> list[str]:
    """The packages, sorted, of those programs that are not installed."""
    return sorted({package for name, package in programs.items() if not shutil.which(name)})
