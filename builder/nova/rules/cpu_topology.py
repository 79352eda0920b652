"""Sockets, cores and threads: ``get_cpu_topology_constraints`` refuses what exceeds a limit."""

from collections.abc import Iterator

from builder.nova import topology
from builder.nova.request import Request
from builder.nova.rules.rule import NovaConflict, Rule, ignored, refused


def _image_limits(request: Request) -> Iterator[NovaConflict]:
    for part in topology.PARTS:
        of_image = topology.number(request.image(f"hw_cpu_max_{part}"))
        of_flavor = topology.number(request.flavor(f"hw:cpu_max_{part}"))
        if of_flavor and of_image > of_flavor:
            yield refused(
                f"hw_cpu_max_{part}",
                f"Nova refuses a limit above the flavor's, {of_flavor}",
                "Lower it, or leave it away.",
                "ImageVCPULimitsRangeExceeded",
            )


def _limits(request: Request) -> Iterator[NovaConflict]:
    for part, limit in zip(topology.PARTS, _limits_of(request), strict=True):
        if limit and topology.number(request.image(f"hw_cpu_{part}")) > limit:
            yield refused(
                f"hw_cpu_{part}",
                f"Nova refuses more than the limit of {limit}",
                "Ask for fewer, or raise the limit.",
                "ImageVCPUTopologyRangeExceeded",
            )


def _two_topologies(request: Request) -> Iterator[NovaConflict]:
    if not any(topology.wished(request.properties, "hw_cpu_")):
        return
    for part in topology.PARTS:
        if request.flavor(f"hw:cpu_{part}") is not None:
            yield ignored(
                f"hw:cpu_{part}",
                "Nova passes over the flavor's topology where the image has any of its own",
                "Leave the topology to the image.",
            )


def _no_topology(request: Request) -> Iterator[NovaConflict]:
    """``_get_possible_cpu_topologies``."""
    vcpus, limits = request.flavor_vcpus, _limits_of(request)
    if not vcpus or topology.possible(vcpus, limits):
        return
    part = next(part for part, limit in zip(topology.PARTS, limits, strict=True) if limit)
    of_image = request.image(f"hw_cpu_max_{part}") is not None
    yield refused(
        f"hw_cpu_max_{part}" if of_image else f"hw:cpu_max_{part}",
        f"the limits leave no arrangement of {vcpus} vCPUs",
        "Raise one of the limits.",
        "ImageVCPULimitsRangeImpossible",
    )


def _limits_of(request: Request) -> tuple[int, ...]:
    of_image = topology.wished(request.properties, "hw_cpu_max_")
    of_flavor = topology.wished(request.extra_specs, "hw:cpu_max_")
    return tuple(mine or theirs for mine, theirs in zip(of_image, of_flavor, strict=True))


def _wishes_not_granted(request: Request) -> Iterator[NovaConflict]:
    vcpus, limits = request.flavor_vcpus, _limits_of(request)
    if not vcpus or not topology.possible(vcpus, limits):
        return
    wish = topology.wished(request.properties, "hw_cpu_")
    given = topology.best(wish, vcpus, limits)
    for part, wanted in zip(topology.PARTS, wish, strict=True):
        if wanted and getattr(given, part) != wanted:
            yield ignored(
                f"hw_cpu_{part}",
                f"of {vcpus} vCPUs Nova makes {given.sockets} sockets with {given.cores} cores of "
                f"{given.threads} threads, and says nothing",
                "Give the flavor as many vCPUs as the topology has.",
            )


CPU_TOPOLOGY: tuple[Rule, ...] = (
    _image_limits,
    _limits,
    _no_topology,
    _two_topologies,
    _wishes_not_granted,
)
