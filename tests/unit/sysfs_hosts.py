"""Compute hosts as their sysfs shows them, so that lscpu and this program read the same."""

from collections.abc import Callable, Mapping
from pathlib import Path

SYSFS = "sys/devices/system"
Numbering = Callable[[int, int, int], int]
"""A CPU's number, by its socket, its core in that, and its thread in that."""


def blocks(socket: int, core: int, thread: int) -> int:
    """As most firmware numbers two sockets of ten cores: one node after the other."""
    return 10 * socket + core + 20 * thread


def interleaved(socket: int, core: int, thread: int) -> int:
    """As other firmware does: the nodes take turns."""
    return 2 * core + socket + 20 * thread


def guides_host(numbering: Numbering) -> dict[str, str]:
    """Two sockets of ten cores with two threads, 96 GiB in each."""
    places = {
        numbering(socket, core, thread): (socket, core)
        for socket in range(2)
        for core in range(10)
        for thread in range(2)
    }
    return sysfs(places, {0: 98304000, 1: 98304000})


def sysfs(
    places: Mapping[int, tuple[int, int]],
    memory_kb: Mapping[int, int],
    offline: frozenset[int] = frozenset(),
) -> dict[str, str]:
    """Files below ``/sys/devices/system``: a socket, which is a node, and a core for each CPU."""
    online = sorted(set(places) - offline)
    files = {
        "cpu/present": _list(places),
        "cpu/possible": _list(places),
        "cpu/online": _list(online),
    }
    for cpu in places:
        files[f"cpu/cpu{cpu}/online"] = f"{int(cpu in online)}\n"
    for cpu in online:
        siblings = [other for other in online if places[other] == places[cpu]]
        package = [other for other in online if places[other][0] == places[cpu][0]]
        files |= {
            f"cpu/cpu{cpu}/topology/physical_package_id": f"{places[cpu][0]}\n",
            f"cpu/cpu{cpu}/topology/core_id": f"{places[cpu][1]}\n",
            f"cpu/cpu{cpu}/topology/thread_siblings_list": _list(siblings),
            f"cpu/cpu{cpu}/topology/thread_siblings": _mask(siblings),
            f"cpu/cpu{cpu}/topology/core_siblings": _mask(package),
        }
    for node in memory_kb:
        cpus = [cpu for cpu in online if places[cpu][0] == node]
        files |= {
            f"node/node{node}/cpulist": _list(cpus),
            f"node/node{node}/cpumap": _mask(cpus),
            f"node/node{node}/meminfo": f"Node {node} MemTotal:       {memory_kb[node]} kB\n"
            f"Node {node} MemFree:        1 kB\n",
        }
    return files


def written(root: Path, files: Mapping[str, str]) -> Path:
    """The directory that has them as ``/sys/devices/system`` has, below a root for ``lscpu``."""
    for path, text in files.items():
        file = root / SYSFS / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (root / "proc").mkdir()
    (root / "proc/cpuinfo").write_text("vendor_id\t: GenuineIntel\n", encoding="utf-8")
    return root / SYSFS


def _list(cpus: Mapping[int, object] | list[int]) -> str:
    return ",".join(map(str, sorted(cpus))) + "\n"


def _mask(cpus: list[int]) -> str:
    """A bit for each CPU, in groups of 32."""
    digits = f"{sum(1 << cpu for cpu in cpus):016x}"
    return f"{digits[:8]},{digits[8:]}\n"
