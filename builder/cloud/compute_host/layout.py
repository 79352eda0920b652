"""Which CPUs of a compute host are its own, and which are guests'. Pure.

Sources: Nova's admin guide "CPU topologies" and ``nova/virt/hardware.py``; Linux' ``Documentation/
admin-guide/kernel-parameters.txt``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from builder.cloud.compute_host.cpu_list import listed
from builder.cloud.compute_host.topology import HostTopology
from builder.cloud.plan.plan import CloudPlan
from builder.errors import InputError
from builder.feature import HostFact
from builder.nova.topology import number

HOST_MEMORY_MB = 4096
"""What TripleO gave ``reserved_host_memory_mb`` by default; Nova's own 512 is for tests."""


@dataclass(frozen=True)
class Division:
    """What whoever plans the host wants; threads of a core are never parted."""

    host: frozenset[int] | None = None
    """CPUs for the host itself; where none are named, the first core of each NUMA node."""
    shared: frozenset[int] = frozenset()
    """CPUs for guests whose vCPUs float, beside those that are pinned."""
    memory_mb: int = HOST_MEMORY_MB


@dataclass(frozen=True)
class Demand:
    """What one guest asks of a host."""

    pinned: bool
    vcpus: int
    emulator: int = 0
    """Host CPUs for QEMU's own threads, beside those of the vCPUs; Nova takes them in one node."""
    numa_nodes: int = 1
    """Of the guest; Nova puts each into one node of the host, a pinned guest has at least one."""
    thread_policy: str | None = None

    @property
    def host_cpus(self) -> int:
        """How many CPUs of the host are its alone."""
        return self.vcpus + self.emulator if self.pinned else 0


@dataclass(frozen=True)
class NodeLayout:
    """One NUMA node's CPUs by what they are for; ``cores`` are their threads."""

    node: int
    sockets: tuple[int, ...]
    cores: tuple[tuple[int, ...], ...]
    host: frozenset[int]
    shared: frozenset[int]
    dedicated: frozenset[int]
    memory_mb: int | None
    host_memory_mb: int
    """Its part of what is left to the host."""

    def use(self, core: tuple[int, ...]) -> str:
        """What a core is for: ``host``, ``shared`` or ``dedicated``."""
        if core[0] in self.host:
            return "host"
        return "shared" if core[0] in self.shared else "dedicated"


@dataclass(frozen=True)
class HostLayout:
    """The whole host. Lists are as nova.conf and the kernel's command line take them."""

    nodes: tuple[NodeLayout, ...]
    threads: int
    reserved_host_memory_mb: int
    notes: tuple[str, ...]
    """What nobody has asked for, and who sets the host up should know."""

    @property
    def host_cpus(self) -> str:
        """The host's own, for ``irqaffinity`` and systemd's ``CPUAffinity``."""
        return listed(cpu for node in self.nodes for cpu in node.host)

    @property
    def cpu_shared_set(self) -> str:
        """``[compute] cpu_shared_set``; empty where it is to be left out."""
        return listed(cpu for node in self.nodes for cpu in node.shared)

    @property
    def cpu_dedicated_set(self) -> str:
        """``[compute] cpu_dedicated_set``; empty where it is to be left out."""
        return listed(cpu for node in self.nodes for cpu in node.dedicated)

    @property
    def facts(self) -> Mapping[HostFact, str]:
        """What fragments for this host are filled in with."""
        facts = {
            HostFact.DEDICATED_CPUS: self.cpu_dedicated_set,
            HostFact.SHARED_CPUS: self.cpu_shared_set,
            HostFact.HOST_MEMORY: str(self.reserved_host_memory_mb),
        }
        return {fact: value for fact, value in facts.items() if value}

    @property
    def isolcpus(self) -> str:
        """What the host's scheduler leaves alone: pinned guests' CPUs, for floating need it."""
        return self.cpu_dedicated_set

    @property
    def nohz_full(self) -> str:
        """Where the host's clock does not tick while one thread runs."""
        return self.cpu_dedicated_set


def demand_of(plan: CloudPlan) -> Demand:
    """What a server of the plan's flavor asks of a host."""
    flavor = plan.extra_specs
    return Demand(
        pinned=flavor.get("hw:cpu_policy") == "dedicated",
        vcpus=plan.size.vcpus,
        emulator=int(flavor.get("hw:emulator_threads_policy") == "isolate"),
        numa_nodes=number(flavor.get("hw:numa_nodes")) or 1,
        thread_policy=flavor.get("hw:cpu_thread_policy"),
    )


def divide(topology: HostTopology, demand: Demand, division: Division) -> HostLayout:
    """Divide the host, whole cores each. Raises ``InputError`` where it has no such CPUs."""
    notes: list[str] = []
    host = _host_cpus(topology, division, notes)
    shared = _whole_cores(topology, division.shared, "guests that float", notes)
    if both := host & shared:
        raise InputError(
            f"CPU {listed(both)} cannot be the host's and floating guests' at once.",
            details=["Threads of a core go together."],
            hint="Name other CPUs for one of them.",
        )
    guests = topology.cpus - host - shared
    dedicated = guests if demand.pinned else frozenset[int]()
    shared |= guests - dedicated
    return HostLayout(
        tuple(_nodes(topology, division, host, shared, dedicated)),
        topology.threads,
        division.memory_mb,
        (*notes, *_remarks(topology, host, dedicated)),
    )


def _host_cpus(topology: HostTopology, division: Division, notes: list[str]) -> frozenset[int]:
    if division.host is not None:
        return _whole_cores(topology, division.host, "the host", notes)
    first = [topology.cores_of(node)[0] for node in topology.nodes]
    return frozenset(cpu for core in first for cpu in core.cpus)


def _whole_cores(
    topology: HostTopology, wanted: frozenset[int], whom: str, notes: list[str]
) -> frozenset[int]:
    if unknown := wanted - topology.cpus:
        raise InputError(
            f"The compute host has no CPU {listed(unknown)} for {whom}.",
            details=[f"Its CPUs are {listed(topology.cpus)}."],
            hint="Name CPUs that it has, and that are online.",
        )
    whole = {cpu for core in topology.cores if wanted & set(core.cpus) for cpu in core.cpus}
    if added := whole - wanted:
        notes.append(
            f"{listed(added)} are threads of the same cores as {listed(wanted)}: they go to {whom}"
            " too, for what runs on one slows the other down."
        )
    return frozenset(whole)


def _nodes(
    topology: HostTopology,
    division: Division,
    host: frozenset[int],
    shared: frozenset[int],
    dedicated: frozenset[int],
) -> Iterator[NodeLayout]:
    """Nodes with CPUs; the host's memory is taken from each in proportion to what it has."""
    memory = topology.memory_mb
    whole = sum(memory.get(node, 0) for node in topology.nodes)
    for node in topology.nodes:
        cores = topology.cores_of(node)
        cpus = frozenset(cpu for core in cores for cpu in core.cpus)
        has = memory.get(node, 0 if memory else None)
        part = has / whole if has is not None and whole else 1 / len(topology.nodes)
        yield NodeLayout(
            node=node,
            sockets=tuple(sorted({core.socket for core in cores if core.socket is not None})),
            cores=tuple(sorted(core.cpus for core in cores)),
            host=cpus & host,
            shared=cpus & shared,
            dedicated=cpus & dedicated,
            memory_mb=has,
            host_memory_mb=round(division.memory_mb * part),
        )


def _remarks(
    topology: HostTopology, host: frozenset[int], dedicated: frozenset[int]
) -> Iterator[str]:
    if topology.offline:
        yield (
            f"CPU {listed(topology.offline)} is offline, and nobody's: read the topology again when"
            " that changes."
        )
    if 0 not in host:
        yield "CPU 0 is not the host's: what Linux pins to its first CPU will run beside a guest."
    for node in topology.nodes:
        cpus = {cpu for core in topology.cores_of(node) for cpu in core.cpus}
        if not cpus & host:
            yield (
                f"NUMA node {node} leaves the host no CPU: what serves its network cards and disks"
                " runs on another node, and reaches its memory from there."
            )
        if topology.memory_mb and not topology.memory_mb.get(node) and cpus & dedicated:
            yield f"NUMA node {node} has no memory: Nova fits no pinned guest there."
    if not topology.memory_mb:
        yield "How much memory each NUMA node has was not told; a copy of the host's sysfs tells."
