"""A compute host's cores, threads and NUMA nodes, as ``lscpu -J`` or its sysfs tells. Pure.

Sources: ``lscpu``'s manual page of util-linux 2.38; Linux' ``Documentation/admin-guide/cputopology
.rst`` and ``Documentation/ABI/stable/sysfs-devices-node``.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from builder.cloud.compute_host import cpu_list
from builder.errors import InputError
from builder.words import shown

COMMAND = "LC_ALL=C lscpu -J -e=CPU,NODE,SOCKET,CORE,ONLINE > FILE"
"""What is run on the compute host; its answer has no memory, which only sysfs tells."""

NODE_CPUS = re.compile(r"NUMA node([0-9]{1,4}) CPU\(s\):?", re.ASCII)
_SIBLINGS = re.compile(r"cpu/cpu([0-9]{1,5})/topology/thread_siblings_list", re.ASCII)
_NODE = r"node/node([0-9]{1,4})"
_MEMORY = re.compile(r"^Node \d+ MemTotal: +([0-9]{1,15}) kB$", re.ASCII | re.MULTILINE)
_ONLINE = {True: True, "yes": True, "Y": True, False: False, "no": False, "N": False}
_ABSENT = (None, "-", "")
_BARE_DASH = re.compile(r'(?<=":) *-(?=\s*[,}])')
"""What lscpu writes of a CPU that is offline: no JSON (seen in 2.38)."""
KIB_OF_MIB = 1024


@dataclass(frozen=True)
class Core:
    """A core, and the threads of it that are online, by their numbers as CPUs."""

    node: int
    socket: int | None
    """None where it was not told."""
    cpus: tuple[int, ...]


@dataclass(frozen=True)
class HostTopology:
    """What a host has that guests can run on."""

    cores: tuple[Core, ...]
    memory_mb: Mapping[int, int] = field(default_factory=dict)
    """MiB of memory by NUMA node; empty where it was not told."""
    offline: frozenset[int] = frozenset()

    @property
    def cpus(self) -> frozenset[int]:
        """Every CPU that is online."""
        return frozenset(cpu for core in self.cores for cpu in core.cpus)

    @property
    def nodes(self) -> list[int]:
        """NUMA nodes that have CPUs."""
        return sorted({core.node for core in self.cores})

    @property
    def threads(self) -> int:
        """Threads of a core; 1 without simultaneous multithreading (SMT)."""
        return max(len(core.cpus) for core in self.cores)

    def cores_of(self, node: int) -> list[Core]:
        """The cores of a NUMA node."""
        return [core for core in self.cores if core.node == node]


def from_lscpu(text: str, place: str) -> HostTopology:
    """What ``lscpu -J`` has printed, with ``-e`` or without. Raises ``InputError``.

    Without ``-e`` it says how many threads a core has, and not which: that is enough where it is
    one. ``place`` is the file's name.
    """
    try:
        answer = json.loads(_BARE_DASH.sub("null", text))
    except (ValueError, RecursionError) as error:
        raise _wrong(place, "it is not JSON") from error
    match answer:
        case {"cpus": [_, *_] as rows}:
            return _from_rows(rows, place)
        case {"lscpu": [_, *_] as fields}:
            return _from_summary(dict(_flat(fields, place)), place)
    raise _wrong(place, "it is JSON, but not what lscpu prints")


def from_sysfs(files: Mapping[str, str], place: str) -> HostTopology:
    """What files of ``/sys/devices/system`` say, by their paths below it. Raises ``InputError``.

    A kernel without NUMA has no ``node``.
    """
    online = _cpus(files.get("cpu/online", ""), f"{place}/cpu/online")
    if not online:
        raise _wrong(place, "its cpu/online names no CPU")
    node_of = {
        cpu: int(match[1])
        for path, text in files.items()
        if (match := re.fullmatch(_NODE + "/cpulist", path))
        for cpu in _cpus(text, f"{place}/{path}")
    }
    siblings = {
        int(match[1]): _cpus(text, f"{place}/{path}")
        for path, text in files.items()
        if (match := _SIBLINGS.fullmatch(path))
    }
    if missing := {cpu for cpu in online if cpu not in siblings.get(cpu, ())}:
        raise _wrong(place, f"it says nothing of the threads of CPU {cpu_list.listed(missing)}")
    cores = {
        Core(
            node_of.get(min(siblings[cpu]), 0),
            _socket(files.get(f"cpu/cpu{cpu}/topology/physical_package_id", "")),
            tuple(sorted(siblings[cpu] & online)),
        )
        for cpu in online
    }
    memory = {
        int(match[1]): int(told[1]) // KIB_OF_MIB
        for path, text in files.items()
        if (match := re.fullmatch(_NODE + "/meminfo", path)) and (told := _MEMORY.search(text))
    }
    present = _cpus(files.get("cpu/present", ""), f"{place}/cpu/present")
    return _checked(HostTopology(_ordered(cores), memory, present - online), place)


def _from_rows(rows: Iterable[Any], place: str) -> HostTopology:
    """One row for each CPU. util-linux before 2.33 writes numbers and truth as text."""
    cores: dict[tuple[int, int | None, int], list[int]] = {}
    offline = set()
    for row in rows:
        if not isinstance(row, Mapping):
            raise _wrong(place, f"{shown(row)} is not a row of lscpu's")
        cpu = _number(row, "cpu", place)
        if not _is_online(row, place):
            offline.add(cpu)
            continue
        node = 0 if row.get("node") in _ABSENT else _number(row, "node", place)
        socket = None if row.get("socket") in _ABSENT else _number(row, "socket", place)
        cores.setdefault((node, socket, _number(row, "core", place)), []).append(cpu)
    found = (Core(node, socket, tuple(sorted(cpus))) for (node, socket, _), cpus in cores.items())
    return _checked(HostTopology(_ordered(found), {}, frozenset(offline)), place)


def _from_summary(fields: Mapping[str, str], place: str) -> HostTopology:
    threads = fields.get("Thread(s) per core")
    if threads is None:
        raise _wrong(place, "it has no 'Thread(s) per core': lscpu speaks the host's language")
    if threads != "1":
        raise _wrong(place, f"each core has {threads} threads, and it does not say which CPUs")
    nodes = {
        int(match[1]): _cpus(value, place)
        for name, value in fields.items()
        if (match := NODE_CPUS.fullmatch(name))
    }
    nodes = nodes or {0: _cpus(fields.get("On-line CPU(s) list", ""), place)}
    cores = (Core(node, None, (cpu,)) for node, cpus in nodes.items() for cpu in cpus)
    offline = _cpus(fields.get("Off-line CPU(s) list", ""), place)
    return _checked(HostTopology(_ordered(cores), {}, offline), place)


def _flat(fields: Iterable[Any], place: str) -> Iterator[tuple[str, str]]:
    """Names and values; on a terminal, lscpu puts some of them below others."""
    for entry in fields:
        if not isinstance(entry, Mapping):
            raise _wrong(place, f"{shown(entry)} is not a field of lscpu's")
        yield str(entry.get("field")).rstrip(":"), str(entry.get("data"))
        below = entry.get("children", [])
        if not isinstance(below, list):
            raise _wrong(place, f"{shown(below)} are not fields of lscpu's")
        yield from _flat(below, place)


def _ordered(cores: Iterable[Core]) -> tuple[Core, ...]:
    return tuple(sorted(cores, key=lambda core: (core.node, core.cpus)))


def _checked(topology: HostTopology, place: str) -> HostTopology:
    cpus = [cpu for core in topology.cores for cpu in core.cpus]
    if not cpus:
        raise _wrong(place, "no CPU of it is online")
    if len(cpus) != len(set(cpus)):
        twice = {cpu for cpu in cpus if cpus.count(cpu) > 1}
        raise _wrong(place, f"CPU {cpu_list.listed(twice)} is a thread of two cores")
    return topology


def _number(row: Mapping[str, Any], name: str, place: str) -> int:
    value = row.get(name)
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch("[0-9]{1,5}", text, re.ASCII):
        raise _wrong(place, f"a row has {shown(value)} for '{name}', where a number belongs")
    if name == "cpu" and int(text) >= cpu_list.CPUS_LIMIT:
        raise _wrong(place, f"Linux numbers CPUs from 0 to {cpu_list.CPUS_LIMIT - 1}, not {text}")
    return int(text)


def _is_online(row: Mapping[str, Any], place: str) -> bool:
    value = row.get("online", True)
    if not isinstance(value, str | bool) or value not in _ONLINE:
        raise _wrong(place, f"a row has {shown(value)} for 'online', where true or false belongs")
    return _ONLINE[value]


def _socket(text: str) -> int | None:
    """A package's number; -1 where the firmware does not tell."""
    number = text.strip()
    return int(number) if re.fullmatch("[0-9]{1,5}", number, re.ASCII) else None


def _cpus(text: str, place: str) -> frozenset[int]:
    try:
        return cpu_list.parsed(text)
    except ValueError as error:
        raise _wrong(place, f"{shown(text)} is not a list of CPUs: {error}") from error


def _wrong(place: str, reason: str) -> InputError:
    return InputError(
        f"The topology of the compute host cannot be read from {place}.",
        details=[f"{reason[0].upper()}{reason[1:]}."],
        hint=f"On the compute host run: {COMMAND} - or copy its /sys/devices/system (the folders"
        " cpu and node) and name that directory.",
    )
