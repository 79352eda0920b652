"""The layout of a compute host as people see it: a picture of its cores, and what follows."""

from collections.abc import Iterator

from builder.cloud.compute_host.cpu_list import listed
from builder.cloud.compute_host.layout import HostLayout, NodeLayout
from builder.terminal.output import BAD, DOUBT, GOOD, Line, Part, items, line, section, table
from builder.words import counted

CORES_OF_A_ROW = 16
"""As many as 80 columns hold, with CPUs of three digits."""

MARKS = {"host": "H", "shared": "s", "dedicated": "D"}
_STYLES = {"host": BAD, "shared": DOUBT, "dedicated": GOOD}


def layout_text(layout: HostLayout) -> list[Part]:
    """The picture, the lists that follow from it, and what should be known."""
    legend = ", ".join(f"{mark} {MEANINGS[use]}" for use, mark in MARKS.items())
    parts = [part for node in layout.nodes for part in _node(node)]
    return [
        *section(f"compute host: {heading(layout)}", [line(f"  {legend}"), *parts]),
        *section("its configuration", table(settings(layout))),
        *section("to know", table((note,) for note in layout.notes)),
    ]


MEANINGS = {
    "host": "the host's own",
    "shared": "guests that float",
    "dedicated": "pinned guests",
}


def heading(layout: HostLayout) -> str:
    """What the host has."""
    sockets = {socket for node in layout.nodes for socket in node.sockets}
    cores = [core for node in layout.nodes for core in node.cores]
    parts = [
        *([counted(len(sockets), "socket")] if sockets else []),
        counted(len(layout.nodes), "NUMA node"),
        counted(len(cores), "core"),
        counted(sum(map(len, cores)), "CPU"),
    ]
    return ", ".join(parts)


def node_heading(node: NodeLayout) -> str:
    """A node, its sockets, and its memory as far as it was told."""
    sockets = f" (socket {listed(node.sockets)})" if node.sockets else ""
    kept = f"{node.host_memory_mb} MiB are the host's"
    if node.memory_mb is None:
        return f"NUMA node {node.node}{sockets}: of its memory {kept}"
    return f"NUMA node {node.node}{sockets}: of {node.memory_mb} MiB of memory {kept}"


def settings(layout: HostLayout) -> list[tuple[str, str]]:
    """What is configured on the host, by name; what is to be left out is not there."""
    rows = [
        ("nova.conf [compute] cpu_dedicated_set", layout.cpu_dedicated_set),
        ("nova.conf [compute] cpu_shared_set", layout.cpu_shared_set),
        ("nova.conf [DEFAULT] reserved_host_memory_mb", str(layout.reserved_host_memory_mb)),
        ("kernel argument isolcpus", layout.isolcpus),
        ("kernel argument nohz_full", layout.nohz_full),
        ("the host's own CPUs", layout.host_cpus),
    ]
    return [(name, value) for name, value in rows if value]


def layout_json(layout: HostLayout) -> dict[str, object]:
    """The same for programs."""
    return {
        "cpu_dedicated_set": layout.cpu_dedicated_set,
        "cpu_shared_set": layout.cpu_shared_set,
        "reserved_host_memory_mb": layout.reserved_host_memory_mb,
        "isolcpus": layout.isolcpus,
        "nohz_full": layout.nohz_full,
        "host_cpus": layout.host_cpus,
        "threads_per_core": layout.threads,
        "nodes": [
            {
                "node": node.node,
                "sockets": list(node.sockets),
                "memory_mb": node.memory_mb,
                "host_memory_mb": node.host_memory_mb,
                "cores": [{"cpus": list(core), "use": node.use(core)} for core in node.cores],
            }
            for node in layout.nodes
        ],
        "notes": list(layout.notes),
    }


def _node(node: NodeLayout) -> Iterator[Part]:
    yield line("")
    yield from items([node_heading(node)])
    for first in range(0, len(node.cores), CORES_OF_A_ROW):
        yield from _row(node, node.cores[first : first + CORES_OF_A_ROW])


def _row(node: NodeLayout, cores: tuple[tuple[int, ...], ...]) -> list[Part]:
    """A column for each core: its use, and its threads below one another."""
    uses = [node.use(core) for core in cores]
    rows: list[list[str | Line]] = [
        ["core is", *(line(MARKS[use], _STYLES[use]) for use in uses)],
    ]
    for thread in range(max(map(len, cores))):
        cells = [
            line(str(core[thread]), _STYLES[use]) if thread < len(core) else line("")
            for core, use in zip(cores, uses, strict=True)
        ]
        rows.append([f"thread {thread}", *cells])
    return table(rows, level=2)
