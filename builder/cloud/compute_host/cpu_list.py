"""Lists of CPUs as Linux writes them, in sysfs and lscpu: ``0-3,8``. Pure.

Source: "List format" in Linux's ``Documentation/admin-guide/cputopology.rst``. Nova's sets, which
exclude CPUs as well, are ``builder.nova.cpu_set``.
"""

import re
from collections.abc import Iterable

CPUS_LIMIT = 8192
"""The most that Linux is built for (``NR_CPUS`` of x86 with ``MAXSMP``)."""

_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", re.ASCII)


def parsed(text: str) -> frozenset[int]:
    """The CPUs of a list; none of an empty one. Raises ``ValueError`` with the reason."""
    cpus: set[int] = set()
    for part in filter(None, (word.strip() for word in text.split(","))):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise ValueError("a list of CPUs reads like 0-3,8")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise ValueError(f"{part} ends before it begins")
        if last >= CPUS_LIMIT:
            raise ValueError(f"Linux numbers CPUs from 0 to {CPUS_LIMIT - 1}")
        cpus.update(range(first, last + 1))
    return frozenset(cpus)


def listed(cpus: Iterable[int]) -> str:
    """CPUs as a list, as short as it can be, which Linux and Nova's options take."""
    ranges: list[list[int]] = []
    for cpu in sorted(set(cpus)):
        if ranges and cpu == ranges[-1][1] + 1:
            ranges[-1][1] = cpu
        else:
            ranges.append([cpu, cpu])
    return ",".join(f"{first}" if first == last else f"{first}-{last}" for first, last in ranges)
