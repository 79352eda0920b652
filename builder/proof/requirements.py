"""What a proof needs of this machine."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from builder.architecture import ARCHITECTURES
from builder.build.requirements import missing_packages
from builder.errors import HostError
from builder.feature import Machine
from builder.host.debian_packages import installation, programs_for
from builder.host.room import GIB, Room
from builder.image import binding
from builder.plan.boots import Boot
from builder.vm import swtpm
from builder.vm.firmware import uefi_files, uefi_kinds

PROOF_TOOLS: Mapping[str, str] = programs_for("proof")
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
    missing = missing_packages(programs_of(machines))
    if any(machine.tpm for machine in machines) and not shutil.which(swtpm.PROGRAM):
        missing.append("swtpm")
    if missing:
        lacks.append(f"It lacks what is in the packages {' '.join(missing)}.")
        remedies.append(f"Remedy: {installation(missing)}.")
    for error in (*binding.missing_requirements(), *_missing_firmware(machines)):
        lacks += [error.message, *error.details]
        remedies.append(error.hint)
    if any(machine.multiqueue for machine in machines) and not TUN.exists():
        lacks.append(f"It lacks {TUN}, which a NIC with several queues needs.")
        remedies.append("Load its driver: modprobe tun.")
    room = scratch_room()
    if not room.suffices:
        lacks.append(f"{room}.")
        remedies.append(room.remedy)
    if lacks:
        raise HostError(
            "This machine cannot prove an image yet.", details=lacks, hint=" ".join(remedies)
        )


def programs_of(machines: Iterable[Machine]) -> Mapping[str, str]:
    """The programs that a proof on these machines runs, and the Debian packages that have them."""
    found = [ARCHITECTURES[machine.architecture] for machine in machines]
    return {**PROOF_TOOLS, **{each.qemu: each.qemu_package for each in found}}


def scratch_room() -> Room:
    """That of a proof's temporary files."""
    return Room.of(
        Path(tempfile.gettempdir()),
        needed=PROOF_SPACE,
        work="a proof",
        remedy="Make room, or choose another directory with TMPDIR.",
    )


def _missing_firmware(machines: Iterable[Machine]) -> Iterator[HostError]:
    for machine in uefi_kinds(machines):
        try:
            uefi_files(machine)
        except HostError as error:
            yield error
