"""What a machine can do, and what a job asks for, as resources of Dask. Pure, but for ``found``."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from builder.architecture import ARCHITECTURES
from builder.build import space_needs
from builder.build.requirements import BUILD_TOOLS, available_memory
from builder.errors import HostError
from builder.feature import Machine
from builder.fleet.capacity import BUILD_MEMORY, demand_of
from builder.fleet.graph import Kind
from builder.fleet.job import Job
from builder.host import accelerator
from builder.host.foreign_programs import obstacle
from builder.host.room import GIB, existing
from builder.host.user_namespace import obstacles
from builder.proof.requirements import PROOF_SPACE, PROOF_TOOLS, TUN
from builder.vm import swtpm
from builder.vm.firmware import uefi_files

SLOTS, MEMORY, SPACE = "slots", "memory", "space"
KVM, BUILDS, PROVES, CLOUDS = "kvm", "builds", "proves", "clouds"
TPM, MULTIQUEUE = "tpm", "multiqueue"

BUILD_SPACE = space_needs.OUTPUT_IN_MEMORY + space_needs.PACKAGES
"""Bytes that a build needs at least; whether it is enough is seen when it begins."""

Resources = Mapping[str, float]


def found(slots: int, dist: Path) -> Resources:
    """What this machine announces, whose builds are below ``dist``.

    Abilities are there as often as it has slots; memory, and space for files, are in GiB.
    """
    able: dict[str, bool] = {
        **{each.name: obstacle(each) is None for each in ARCHITECTURES.values()},
        **{f"guests-{each.name}": _has([each.qemu]) for each in ARCHITECTURES.values()},
        **{_firmware(each): _has_firmware(each) for each in _UEFI},
        TPM: _has([swtpm.PROGRAM]),
        MULTIQUEUE: TUN.exists(),
        BUILDS: _has(BUILD_TOOLS) and (os.geteuid() == 0 or not obstacles()),
        PROVES: _has(PROOF_TOOLS),
        KVM: accelerator.detect().name == "kvm",
        CLOUDS: _knows_clouds(),
    }
    has = {name: float(slots) for name, is_able in able.items() if is_able}
    # With less a build works on the disk, as one that is alone on a host may.
    memory = max(available_memory(), BUILD_MEMORY) / GIB
    places = (dist, Path(tempfile.gettempdir()))
    space = min(shutil.disk_usage(existing(place)).free for place in places) / GIB
    return {SLOTS: float(slots), MEMORY: memory, SPACE: space, **has}


def wanted(job: Job) -> Resources:
    """What a worker must have left for a job."""
    memory = demand_of(job.step).memory / GIB
    match job.step.kind:
        case Kind.BUILD:
            space = BUILD_SPACE / GIB
            return {SLOTS: 1, MEMORY: memory, SPACE: space, BUILDS: 1, job.architecture: 1}
        case Kind.PROOF:
            machines = (name for machine in job.machines for name in _of_machine(machine))
            space = PROOF_SPACE / GIB
            return {SLOTS: 1, MEMORY: memory, SPACE: space, PROVES: 1, **dict.fromkeys(machines, 1)}
        case _:
            return {MEMORY: memory, CLOUDS: 1}


def lacking(job: Job, workers: Iterable[Resources]) -> list[str]:
    """What no worker has of what a job wants; nothing where one could do it by itself."""
    fleet = list(workers)
    wants = wanted(job)
    if any(all(worker.get(name, 0) >= count for name, count in wants.items()) for worker in fleet):
        return []
    return [
        name
        for name, count in wants.items()
        if not any(worker.get(name, 0) >= count for worker in fleet)
    ] or [" with ".join(wants)]


_UEFI = [
    Machine(
        architecture=each.name,
        firmware="uefi",
        machine_type="q35" if each.has_bios else "virt",
        secure_boot=secure,
    )
    for each in ARCHITECTURES.values()
    for secure in (False, True)
]
"""A machine of each kind of UEFI."""


def _of_machine(machine: Machine) -> Iterator[str]:
    """What a host announces that can be this machine."""
    yield f"guests-{machine.architecture}"
    if machine.firmware == "uefi":
        yield _firmware(machine)
    if machine.tpm:
        yield TPM
    if machine.multiqueue:
        yield MULTIQUEUE


def _firmware(machine: Machine) -> str:
    return f"{'secure-boot' if machine.secure_boot else 'uefi'}-{machine.architecture}"


def _has_firmware(machine: Machine) -> bool:
    try:
        uefi_files(machine)
    except HostError:
        return False
    return True


def _has(tools: Iterable[str]) -> bool:
    return all(shutil.which(tool) for tool in tools)


def _knows_clouds() -> bool:
    """Whether openstacksdk would find a file of clouds, or one cloud in the environment."""
    named = os.environ.get("OS_CLIENT_CONFIG_FILE")
    places = (Path(), Path("~/.config/openstack").expanduser(), Path("/etc/openstack"))
    files = [Path(named)] if named else [place / "clouds.yaml" for place in places]
    return "OS_AUTH_URL" in os.environ or any(file.is_file() for file in files)
