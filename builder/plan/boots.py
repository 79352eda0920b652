"""Which boots an image's probes need: as few as can be, each on the hardware that Nova would give.

Pure. Every boot costs a minute or two under emulation, so probes share one wherever they can.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import groupby
from typing import Annotated, Any, get_args

from pydantic import PlainSerializer, StringConstraints

from builder.feature import Firmware, Machine, Probe, When
from builder.feature.machine import changed
from builder.nova.hardware import firmwares, machine

VCPUS = (4, 1)
"""Of the first boot and of the second: with one vCPU Nova gives a NIC one queue only."""

MOMENTS: tuple[When, ...] = get_args(When)

Named = tuple[str, Probe[Any]]
"""A probe with its id (Any: the parameters of its own feature)."""


@dataclass(frozen=True)
class Boot:
    """One start of the image in QEMU, and the probes made in it, in their order."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]
    """Names its logs too: no plan from elsewhere may name another file."""
    machine: Annotated[Machine, PlainSerializer(changed)]
    """Written without its defaults: a field that is new changes no plan and no digest."""
    probes: tuple[str, ...]
    login: bool = True
    """Whether any of them wants the default user to be logged in."""


def boots(
    probes: Iterable[Named], properties: Mapping[str, str], flavor: Mapping[str, str] | None = None
) -> tuple[Boot, ...]:
    """One boot for each firmware, and others for the hardware that probes ask for.

    Probes that destroy their guest end a boot each; those for which no boot is left get their own.
    """
    machines = [
        _machine(properties, firmware, vcpus, flavor or {})
        for firmware, vcpus in zip(firmwares(properties), VCPUS, strict=False)
    ]
    named = sorted(probes, key=lambda pair: MOMENTS.index(pair[1].when))
    here = [pair for pair in named if not _wants_other_hardware(pair[1], machines[0])]
    common = [pair for pair in here if pair[1].when != "destroy"]
    ending = [pair for pair in here if pair[1].when == "destroy"]
    judging = [pair for pair in common if pair[1].when == "last" and not pair[1].once]
    assigned = _assign_probes(common, ending, machines)
    planned = [
        Boot(hardware.firmware, hardware, _ids(pair for pair in common if pair[0] in names))
        for hardware, names in zip(machines, assigned, strict=True)
    ]
    for number, (name, _) in enumerate(ending):
        if number < len(planned):
            planned[number] = replace(planned[number], probes=(*planned[number].probes, name))
        else:
            planned.append(_own([(name, ending[number][1])], machines[0], judging))
    return (*planned, *_on_other_hardware(named, machines[0], judging))


def _machine(
    properties: Mapping[str, str], firmware: Firmware, vcpus: int, flavor: Mapping[str, str]
) -> Machine:
    hardware = machine(properties, firmware, flavor)
    return hardware if hardware.topology else replace(hardware, vcpus=vcpus)


def _assign_probes(
    probes: Sequence[Named], ending: Sequence[Named], machines: Sequence[Machine]
) -> list[set[str]]:
    """The names of each boot's probes, but for the one of ``ending`` that will end it.

    Restarts take longest and serve all that look at a restarted guest alike: they are assigned in
    turn, and a boot that none is left for has the first. What else is made once goes where there
    is least to do: first what fits few boots, then the longest.
    """
    restarts = [pair for pair in probes if pair[1].when == "restart"]
    others = [pair for pair in probes if pair[1].when != "restart"]
    count = len(machines)
    boots = [
        [*(pair for pair in others if not pair[1].once), *(restarts[number::count] or restarts[:1])]
        for number in range(count)
    ]
    once = sorted(
        (pair for pair in others if pair[1].once),
        key=lambda pair: (-pair[1].vcpus, -pair[1].seconds),
    )
    busy = [
        sum(each.seconds for _, each in (*boot, *ending[number : number + 1]))
        for number, boot in enumerate(boots)
    ]
    for pair in once:
        fit = [number for number in range(count) if machines[number].vcpus >= pair[1].vcpus]
        free = min(fit or range(count), key=lambda number: busy[number])
        boots[free].append(pair)
        busy[free] += pair[1].seconds
    return [{name for name, _ in boot} for boot in boots]


def _wants_other_hardware(probe: Probe[Any], usual: Machine) -> bool:
    return probe.machine is not None and probe.machine(usual) != usual


def _on_other_hardware(
    probes: Sequence[Named], first: Machine, judging: Sequence[Named]
) -> list[Boot]:
    """One boot for each hardware; probes that only watch a start share one if it can be theirs all.

    Several vCPUs are there where a probe wants them: emulated ones wait for each other.
    """
    usual = first if first.topology else replace(first, vcpus=1)
    wanted = []
    for pair in probes:
        if pair[1].machine is not None and _wants_other_hardware(pair[1], first):
            given = usual if first.topology else replace(usual, vcpus=pair[1].vcpus)
            wanted.append((pair[1].machine(given), pair))
    wanted.sort(key=lambda each: repr(each[0]))  # stable: their order stays
    shared: list[tuple[Machine, list[Named]]] = []
    for hardware, group in groupby(wanted, key=lambda each: each[0]):
        pairs = [pair for _, pair in group]
        for number, (other, others) in enumerate(shared):
            both = _both(usual, other, hardware)
            if both is not None and _only_watch((*others, *pairs)):
                shared[number] = both, [*others, *pairs]
                break
        else:
            shared.append((hardware, pairs))
    return [_own(pairs, hardware, judging) for hardware, pairs in shared]


def _only_watch(probes: Iterable[Named]) -> bool:
    """Whether none of them needs more of its guest than that it starts."""
    return all(probe.when == "running" and not probe.login for _, probe in probes)


def _both(usual: Machine, hardware: Machine, other: Machine) -> Machine | None:
    """The usual machine with the changes of two others; None where both change the same device."""
    changes, others = (
        {
            field.name: getattr(machine, field.name)
            for field in fields(Machine)
            if getattr(machine, field.name) != getattr(usual, field.name)
        }
        for machine in (hardware, other)
    )
    return replace(usual, **changes, **others) if changes.keys().isdisjoint(others) else None


def _own(probes: Sequence[Named], hardware: Machine, judging: Sequence[Named]) -> Boot:
    """A boot for these probes, and for those that judge what a guest has gone through."""
    login = any(probe.login for _, probe in probes)
    ordered = sorted(
        (*probes, *(judging if login else ())), key=lambda pair: MOMENTS.index(pair[1].when)
    )
    return Boot(f"{hardware.firmware}-{probes[0][1].name}", hardware, _ids(ordered), login)


def _ids(probes: Iterable[Named]) -> tuple[str, ...]:
    return tuple(name for name, _ in probes)
