"""The guest's vCPUs are arranged in sockets, cores and threads as its image asks.

Software that is licensed by the socket, and schedulers that know about caches and hyper-threads,
look at how CPUs are arranged. Nova gives each vCPU a socket of its own where nothing else is asked
for; an image that needs another arrangement says so, and its flavor must have as many vCPUs as
that.
"""

import math
from collections.abc import Mapping

from pydantic import Field, model_validator

from builder.feature import (
    CheckFailed,
    Claim,
    ExtraSpec,
    Feature,
    FlavorVcpus,
    Guest,
    Necessity,
    Need,
    Parameters,
    Topology,
    probe,
)
from builder.feature.needs import NOVA_DOCS
from builder.linux.live import output

MOST_VCPUS = 255
"""Of QEMU's machine ``pc``, which a guest without UEFI is."""


class CpuTopologyParameters(Parameters):
    """How many sockets, cores in each, and threads of each; what is left out, Nova chooses."""

    sockets: int | None = Field(
        default=None, ge=1, examples=[2], description="Sockets of the guest."
    )
    cores: int | None = Field(default=None, ge=1, examples=[2], description="Cores of each socket.")
    threads: int | None = Field(
        default=None, ge=1, examples=[2], description="Threads of each core."
    )

    @property
    def wishes(self) -> Mapping[str, int]:
        """The numbers that are asked for, by their names."""
        return {name: value for name, value in self if value is not None}

    @property
    def vcpus(self) -> int | None:
        """How many vCPUs that makes, or None where not everything is asked for."""
        complete = len(self.wishes) == len(CpuTopologyParameters.model_fields)
        return math.prod(self.wishes.values()) if complete else None

    @model_validator(mode="after")
    def no_more_than_a_machine_has(self) -> "CpuTopologyParameters":
        """Refuse what could not be started."""
        product = math.prod(self.wishes.values())
        if product > MOST_VCPUS:
            raise ValueError(
                f"{' × '.join(map(str, self.wishes.values()))} are {product} vCPUs: QEMU's machine "
                f"for BIOS has no more than {MOST_VCPUS}.\n"
                "Ask for fewer sockets, cores or threads."
            )
        return self


PROMISES = {
    "sockets": "the guest's vCPUs are in",
    "cores": "each socket of the guest has",
    "threads": "each core of the guest has",
}

# Sockets, cores and CPUs that are online; a core's number is unique in the whole guest.
LSCPU = "lscpu --online --parse=SOCKET,CORE,CPU | grep -v '^#'"


@probe("the guest sees its vCPUs arranged as its hardware has them")
def arrangement_is_seen(guest: Guest, _: CpuTopologyParameters) -> str:
    """Count what lscpu lists: every socket must have as many cores, and every core threads."""
    hardware = guest.machine.topology or Topology(sockets=guest.machine.vcpus)
    rows = [tuple(line.split(",")) for line in output(guest, LSCPU).splitlines()]
    cores = {(socket, core) for socket, core, _ in rows}
    sockets = {socket for socket, _ in cores}
    seen = Topology(len(sockets), len(cores) // len(sockets), len(rows) // len(cores))
    uneven = len(rows) != seen.sockets * seen.cores * seen.threads
    if uneven or seen != hardware:
        raise CheckFailed(
            f"the guest sees {len(rows)} vCPUs as {_words(seen)}"
            + (", unevenly" if uneven else "")
            + f"; its hardware has {_words(hardware)}"
        )
    return f"the guest sees {_words(seen)}"


def _words(topology: Topology) -> str:
    return " × ".join(_counted(getattr(topology, part), part) for part in PROMISES)


def _counted(count: int, plural: str) -> str:
    return f"{count} {plural if count > 1 else plural.removesuffix('s')}"


def claims(parameters: CpuTopologyParameters) -> tuple[Claim, ...]:
    """What is asked for; Nova then passes over all of the flavor's own hw:cpu_* numbers."""
    return tuple(
        Claim(
            property=f"hw_cpu_{name}",
            value=str(value),
            promise=f"{PROMISES[name]} {_counted(value, name)}",
            proof=(arrangement_is_seen,),
        )
        for name, value in parameters.wishes.items()
    )


TOPOLOGIES = f"{NOVA_DOCS}/admin/cpu-topologies.html#customizing-instance-cpu-topologies"


def needs(parameters: CpuTopologyParameters) -> tuple[Need, ...]:
    """As many vCPUs as are asked for, and no limit below what is asked for."""
    limits = tuple(
        Need(
            what=ExtraSpec(f"hw:cpu_max_{name}", str(value), at_least=True),
            reason="A flavor may limit the topology, and a lower limit refuses the image"
            " (ImageVCPUTopologyRangeExceeded).",
            source=TOPOLOGIES,
            necessity=Necessity.CONSISTENT,
        )
        for name, value in parameters.wishes.items()
    )
    if parameters.vcpus is None:
        return limits
    return (
        Need(
            what=FlavorVcpus(parameters.vcpus),
            reason="With another number Nova grants what it can of the topology, and says nothing.",
            source=TOPOLOGIES,
        ),
        *limits,
    )


FEATURE = Feature(
    name="cpu-topology",
    summary="vCPUs in as many sockets, cores and threads as the image asks for",
    parameters=CpuTopologyParameters,
    claims=claims,
    needs=needs,
    probes=(arrangement_is_seen,),
)
