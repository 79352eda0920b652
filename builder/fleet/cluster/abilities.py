"""What a machine can do, and what a job asks for, as resources of Dask. Pure, but for ``found``."""

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from builder.architecture import ARCHITECTURES
from builder.build.requirements import BUILD_TOOLS, available_memory
from builder.fleet.capacity import BUILD_MEMORY, demand_of
from builder.fleet.graph import Kind
from builder.fleet.job import Job
from builder.host import accelerator
from builder.host.foreign_programs import obstacle
from builder.host.room import GIB
from builder.host.user_namespace import obstacles
from builder.proof.requirements import PROOF_TOOLS

SLOTS, MEMORY, KVM, BUILDS, PROVES, CLOUDS = "slots", "memory", "kvm", "builds", "proves", "clouds"

Resources = Mapping[str, float]


def found(slots: int) -> Resources:
    """What this machine announces: abilities as often as it has slots, and memory in GiB."""
    able: dict[str, bool] = {
        **{each.name: obstacle(each) is None for each in ARCHITECTURES.values()},
        BUILDS: _has(BUILD_TOOLS) and (os.geteuid() == 0 or not obstacles()),
        PROVES: _has(PROOF_TOOLS),
        KVM: accelerator.detect().name == "kvm",
        CLOUDS: _knows_clouds(),
    }
    has = {name: float(slots) for name, is_able in able.items() if is_able}
    # With less a build works on the disk, as one that is alone on a host may.
    memory = max(available_memory(), BUILD_MEMORY) / GIB
    return {SLOTS: float(slots), MEMORY: memory, **has}


def wanted(job: Job) -> Resources:
    """What a worker must have left for a job."""
    memory = demand_of(job.step).memory / GIB
    match job.step.kind:
        case Kind.BUILD:
            return {SLOTS: 1, MEMORY: memory, BUILDS: 1, job.architecture: 1}
        case Kind.PROOF:
            return {SLOTS: 1, MEMORY: memory, PROVES: 1}
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


def _has(tools: Iterable[str]) -> bool:
    return all(shutil.which(tool) for tool in tools)


def _knows_clouds() -> bool:
    """Whether openstacksdk would find a file of clouds, or one cloud in the environment."""
    named = os.environ.get("OS_CLIENT_CONFIG_FILE")
    places = (Path(), Path("~/.config/openstack").expanduser(), Path("/etc/openstack"))
    files = [Path(named)] if named else [place / "clouds.yaml" for place in places]
    return "OS_AUTH_URL" in os.environ or any(file.is_file() for file in files)
