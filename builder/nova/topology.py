"""The sockets, cores and threads that Nova arranges a guest's vCPUs in.

Source: ``get_best_cpu_topology`` in Nova's ``nova/virt/hardware.py``. An image's numbers are
wishes: of the arrangements of as many vCPUs as the flavor has, Nova takes one that grants most of
them, and says nothing about those that it does not grant.
"""

from collections.abc import Mapping

from builder.feature import Topology

PARTS = ("sockets", "cores", "threads")

NO_LIMITS = (0, 0, 0)

USUAL_VCPUS = 2
"""Of a guest whose image leaves it open."""


def wished(values: Mapping[str, str], prefix: str) -> tuple[int, ...]:
    """The numbers that properties or extra specs of this prefix ask for; 0 where they do not."""
    return tuple(number(values.get(f"{prefix}{part}")) for part in PARTS)


def number(value: str | None) -> int:
    """The number that a value is, or 0, which Nova takes for no number at all."""
    return int(value) if value is not None and value.isdecimal() else 0


def vcpus(wish: tuple[int, ...]) -> int:
    """How many vCPUs a flavor may have, so that every wish can be granted: as few as can be."""
    product = 1
    for part in wish:
        product *= part or 1
    return product if all(wish) else max(product, USUAL_VCPUS)


def possible(vcpus: int, limits: tuple[int, ...] = NO_LIMITS) -> list[tuple[int, int, int]]:
    """Every arrangement of as many vCPUs within limits, where 0 is none."""
    found = [
        (sockets, cores, vcpus // sockets // cores)
        for sockets in range(1, vcpus + 1)
        for cores in range(1, vcpus // sockets + 1)
        if vcpus % (sockets * cores) == 0
    ]
    return [
        parts
        for parts in found
        if all(part <= (limit or vcpus) for part, limit in zip(parts, limits, strict=True))
    ]


def best(wish: tuple[int, ...], vcpus: int, limits: tuple[int, ...] = NO_LIMITS) -> Topology:
    """The arrangement that Nova takes: most wishes granted, then fewest threads, most sockets.

    Some arrangement must be possible.
    """

    def worth(parts: tuple[int, int, int]) -> tuple[int, ...]:
        granted = sum(part == wanted for part, wanted in zip(parts, wish, strict=True))
        return granted, parts[0] * parts[1], parts[0]

    return Topology(*max(possible(vcpus, limits), key=worth))
