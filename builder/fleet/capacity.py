"""What one host has to give to steps, and what each of them wants. Pure.

Emulated guests fail their probes where others take their core: so a step that computes has CPUs of
its own, and the verb that does it can use no other.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from builder.fleet.graph import Kind, Step
from builder.fleet.job import Job
from builder.host.room import GIB

BUILD_CPUS = 4
"""With more a build is hardly faster: packages are unpacked one after another."""
PROOF_CPUS = 8
"""One for each boot, and one for the inspections."""

BUILD_MEMORY = 4 * GIB
"""Bytes from which on a build keeps its tree in memory."""
PROOF_MEMORY = 3 * GIB
"""Bytes of guests, of the appliance of libguestfs, and of their overlays' pages."""
CLOUD_MEMORY = GIB // 2


@dataclass(frozen=True)
class Demand:
    """What a step wants."""

    cpus: int
    """At most so many; none where it waits for others nearly all the time."""
    memory: int
    """Bytes."""
    places: frozenset[str]
    """What only one step may use at a time: clouds have quotas, and a line to them its limit."""


def demand_of(step: Step, source: str = "") -> Demand:
    """What a step wants; ``source`` is the cloud that it has its data from."""
    match step.kind:
        case Kind.BUILD:
            return Demand(BUILD_CPUS, BUILD_MEMORY, frozenset())
        case Kind.PROOF:
            return Demand(PROOF_CPUS, PROOF_MEMORY, frozenset())
        case _:
            return Demand(0, CLOUD_MEMORY, frozenset(filter(None, (step.cloud, source))))


def places_of(job: Job) -> list[str]:
    """What a job has to itself, in the order in which every job takes such places."""
    return sorted(demand_of(job.step, job.source).places)


@dataclass
class Capacity:
    """What a host has left."""

    cpus: set[int]
    memory: int
    total: int = field(init=False)
    used: set[str] = field(default_factory=set)
    _taken: int = 0

    def __post_init__(self) -> None:
        self.total = len(self.cpus)

    def take(self, demand: Demand, others: int) -> tuple[int, ...] | None:
        """CPUs for a step beside so many others that want some, too; None where it must wait.

        Alone on the host it need not: else what wants too much would never begin.
        """
        alone = not self._taken
        if demand.places & self.used or (demand.memory > self.memory and not alone):
            return None
        if demand.cpus and not self.cpus:
            return None
        share = max(1, self.total // (others + 1))
        cpus = tuple(sorted(self.cpus)[: min(demand.cpus, share)])
        self.cpus -= set(cpus)
        self.memory -= demand.memory
        self.used |= demand.places
        self._taken += 1
        return cpus

    def give(self, demand: Demand, cpus: Collection[int]) -> None:
        """Take back what a step had."""
        self.cpus |= set(cpus)
        self.memory += demand.memory
        self.used -= demand.places
        self._taken -= 1


def computing(demands: Iterable[Demand]) -> int:
    """How many of them want CPUs."""
    return sum(demand.cpus > 0 for demand in demands)
