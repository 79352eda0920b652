"""NUMA nodes of a guest: ``numa_get_constraints``."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import count, takewhile

from builder.nova import topology
from builder.nova.cpu_policy import is_pinned
from builder.nova.cpu_set import cpu_set, is_cpu_set
from builder.nova.request import Request
from builder.nova.rules.rule import Agreement, NovaConflict, Rule, ignored, refused

LISTS = ("numa_cpus", "numa_mem")


def _per_node(values: Mapping[str, str], prefix: str) -> list[str]:
    """The values of ``prefix.0``, ``prefix.1`` and so on, up to the first that is missing."""
    names = takewhile(values.__contains__, (f"{prefix}.{node}" for node in count()))
    return [values[name] for name in names]


def _lists(request: Request, name: str) -> tuple[list[str], list[str]]:
    """Those of the flavor and those of the image."""
    of_flavor = _per_node(request.extra_specs, f"hw:{name}")
    return of_flavor, _per_node(request.properties, f"hw_{name}")


def has_nodes(request: Request) -> bool:
    """Whether the guest has NUMA nodes at all: what leads to any besides their number."""
    pmem = (request.flavor("hw:pmem") or "").replace(",", "").strip()
    asked = ("hw:numa_nodes", "hw:mem_page_size")
    return bool(pmem) or is_pinned(request) or any(request.either(name) for name in asked)


def _twice(request: Request) -> Iterator[NovaConflict]:
    """What the flavor says of NUMA nodes, an image must not."""
    both = []
    if request.flavor("hw:numa_nodes") and request.image("hw_numa_nodes"):
        both.append("hw_numa_nodes")
    if has_nodes(request):
        both += [f"hw_{name}.0" for name in LISTS if all(_lists(request, name))]
    for name in both:
        yield refused(
            name,
            "the flavor says it too, and Nova takes it from one of the two",
            "Leave it to the flavor.",
            "ImageNUMATopologyForbidden",
        )


def _nodes(request: Request) -> int:
    return topology.number(request.either("hw:numa_nodes")) or 1


def _uneven(request: Request) -> Iterator[NovaConflict]:
    """``_get_numa_topology_auto`` divides vCPUs and memory evenly."""
    if not has_nodes(request) or any(any(_lists(request, name)) for name in LISTS):
        return
    nodes = _nodes(request)
    amounts = {"vCPUs": request.flavor_vcpus, "MiB of memory": request.flavor_memory}
    for unit, amount in amounts.items():
        if amount and amount % nodes:
            yield refused(
                _named(request, "numa_nodes"),
                f"the flavor's {amount} {unit} do not fall evenly to {nodes} nodes",
                "Take a number that divides them, or say for each node what it has.",
                "ImageNUMATopologyAsymmetric",
            )


def _named(request: Request, name: str) -> str:
    """The one of the two that says it."""
    of_flavor = request.flavor(f"hw:{name}") is not None
    return f"hw:{name}" if of_flavor else f"hw_{name}"


def _by_hand(request: Request) -> Iterator[NovaConflict]:
    """``_get_numa_topology_manual``: what is said for each node must be all of the flavor."""
    cpus, memory = (of_flavor or of_image for of_flavor, of_image in _both(request))
    if not (cpus or memory) or not has_nodes(request):
        return
    name = "numa_cpus.0" if cpus else "numa_mem.0"
    if not len(cpus) == len(memory) == _nodes(request):
        yield refused(
            _named(request, name),
            f"for each of {_nodes(request)} nodes both vCPUs and memory must be said",
            "Say how many nodes there are, and for each hw_numa_cpus.N and hw_numa_mem.N.",
            "ImageNUMATopologyIncomplete",
        )
        return
    yield from _vcpus_by_hand(request, [cpu_set(text) for text in cpus])
    total = sum(map(topology.number, memory))
    if request.flavor_memory and total != request.flavor_memory:
        yield refused(
            _named(request, "numa_mem.0"),
            f"the nodes have {total} MiB together, and the flavor {request.flavor_memory}",
            "Deal out all of the flavor's memory.",
            "ImageNUMATopologyMemoryOutOfRange",
        )


def _both(request: Request) -> tuple[tuple[list[str], list[str]], ...]:
    return tuple(_lists(request, name) for name in LISTS)


def _vcpus_by_hand(request: Request, nodes: list[frozenset[int] | None]) -> Iterator[NovaConflict]:
    vcpus = request.flavor_vcpus
    if vcpus is None:
        return
    assigned = Counter(cpu for node in nodes for cpu in node or ())
    wrong = {
        "OutOfRange": any(cpu >= vcpus for cpu in assigned),
        "Duplicates": any(times > 1 for times in assigned.values()),
        "sUnassigned": not set(range(vcpus)) <= set(assigned),
    }
    for exception in (f"ImageNUMATopologyCPU{end}" for end, found in wrong.items() if found):
        yield refused(
            _named(request, "numa_cpus.0"),
            f"each of the flavor's {vcpus} vCPUs must be in one node",
            "Deal out all vCPUs once, from 0 on.",
            exception,
        )


def _not_a_set(request: Request) -> Iterator[NovaConflict]:
    """``parse_cpu_spec``; the API lets ``3-1`` through."""
    of_flavor, _ = _lists(request, "numa_cpus")
    for node, text in enumerate(of_flavor):
        if has_nodes(request) and not is_cpu_set(text):
            yield refused(
                f"hw:numa_cpus.{node}",
                "it is not a set of CPUs",
                "Name vCPUs, as in 0-3.",
                "Invalid",
            )


def _nodes_without_numa(request: Request) -> Iterator[NovaConflict]:
    if has_nodes(request):
        return
    for name in LISTS:
        for prefix in ("hw:", "hw_"):
            if request.value(f"{prefix}{name}.0") is not None:
                yield ignored(
                    f"{prefix}{name}.0",
                    "without a number of nodes Nova ignores it",
                    "Claim hw_numa_nodes as well.",
                )


NUMA: tuple[Rule, ...] = (
    _twice,
    _uneven,
    _by_hand,
    _not_a_set,
    _nodes_without_numa,
    Agreement(
        "hw:pci_numa_affinity_policy", boolean=False, exception="ImagePCINUMAPolicyForbidden"
    ),
)
