"""Whether a compute host, as it is divided, can have a guest; what cannot be is refused. Pure.

Sources: ``_pack_instance_onto_cores`` and ``numa_get_constraints`` in Nova's ``nova/virt/hardware.
py``, ``_translate_pinning_policies`` in its ``nova/scheduler/utils.py``.
"""

from builder.cloud.compute_host.layout import Demand, Division, HostLayout, divide
from builder.cloud.compute_host.topology import HostTopology
from builder.errors import InputError
from builder.words import counted, enumeration


def lay_out(topology: HostTopology, demand: Demand, division: Division) -> HostLayout:
    """Divide the host for such guests. Raises ``InputError`` for what cannot be, and says why."""
    layout = divide(topology, demand, division)
    _require_both_sides(layout)
    _require_threads(layout, demand)
    if demand.pinned:
        _require_cpus(layout, demand)
        _require_nodes(layout, demand)
    _require_memory(layout)
    return layout


def _require_both_sides(layout: HostLayout) -> None:
    if not layout.host_cpus:
        raise InputError(
            "No CPU is left to the compute host itself.",
            details=["nova-compute, libvirtd and QEMU's own threads would run among the guests."],
            hint="Leave it one core of each NUMA node at least.",
        )
    if not layout.cpu_dedicated_set and not layout.cpu_shared_set:
        raise InputError(
            f"The compute host takes all of its CPUs, {layout.host_cpus}, for itself.",
            details=["None is left to any guest."],
            hint="Name fewer CPUs for the host.",
        )


def _require_threads(layout: HostLayout, demand: Demand) -> None:
    """Since Train, Nova asks Placement for hosts with, or without, ``HW_CPU_HYPERTHREADING``."""
    if demand.thread_policy == "require" and layout.threads == 1:
        raise InputError(
            "The compute host cannot have guests of thread policy 'require'.",
            details=[
                "Each of its cores has one thread: it has no SMT, or it is switched off.",
                "Nova puts such guests only where cores have several.",
            ],
            hint="Switch SMT on in the host's firmware, or write 'threads: prefer'.",
        )
    if demand.thread_policy == "isolate" and layout.threads > 1:
        raise InputError(
            "The compute host cannot have guests of thread policy 'isolate'.",
            details=[
                f"Its cores have {layout.threads} threads.",
                "Since Train, Nova puts such guests only where HW_CPU_HYPERTHREADING is not.",
            ],
            hint="Switch SMT off on this host (in its firmware, or by the kernel argument nosmt)"
            " and read its topology again, or write 'threads: prefer'.",
        )


def _require_cpus(layout: HostLayout, demand: Demand) -> None:
    room = sum(len(node.dedicated) for node in layout.nodes)
    if demand.host_cpus > room:
        floating = layout.cpu_shared_set
        raise InputError(
            f"The guest takes {counted(demand.host_cpus, 'CPU')} of its own, and the compute host"
            f" has {room} for that.",
            details=[
                f"The host keeps {layout.host_cpus}"
                + (f", floating guests have {floating}" if floating else "")
                + "; a host CPU takes one pinned vCPU, never more."
            ],
            hint="Ask for fewer vCPUs, leave fewer CPUs to the host, or take a larger host.",
        )


def _require_nodes(layout: HostLayout, demand: Demand) -> None:
    """A guest that is pinned has a NUMA topology: one node where its flavor names no more."""
    if _fits(layout, demand, demand.numa_nodes):
        return
    rooms = enumeration(
        (f"node {node.node} has {len(node.dedicated)}" for node in layout.nodes), "and"
    )
    possible = range(demand.numa_nodes + 1, len(layout.nodes) + 1)
    more = next((nodes for nodes in possible if _fits(layout, demand, nodes)), None)
    raise InputError(
        f"The guest pins {counted(demand.vcpus, 'vCPU')} in"
        f" {counted(demand.numa_nodes, 'NUMA node')}, and the compute host has no room for that.",
        details=[f"Nova fits each into one of the host's: of CPUs for pinned guests {rooms}."],
        hint=f"Give the flavor hw:numa_nodes={more}, or fewer vCPUs."
        if more
        else "Ask for fewer vCPUs, or leave fewer CPUs to the host.",
    )


def _fits(layout: HostLayout, demand: Demand, nodes: int) -> bool:
    """Whether so many nodes of a guest fit; Nova wants its vCPUs to be divided evenly."""
    each, rest = divmod(demand.vcpus, nodes)
    rooms = [len(node.dedicated) for node in layout.nodes]
    roomy = sum(room >= each for room in rooms) >= nodes
    return not rest and roomy and max(rooms) >= each + demand.emulator


def _require_memory(layout: HostLayout) -> None:
    sizes = [node.memory_mb for node in layout.nodes if node.memory_mb is not None]
    if sizes and sum(sizes) <= layout.reserved_host_memory_mb:
        raise InputError(
            f"The compute host has {sum(sizes)} MiB of memory, and would keep"
            f" {layout.reserved_host_memory_mb} MiB for itself.",
            details=["Nothing is left to any guest."],
            hint="Reserve less, or take a larger host.",
        )
