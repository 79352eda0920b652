"""Sets of CPUs as Nova writes them: ``0-3,^1,7``.

Source: ``parse_cpu_spec`` in Nova's ``nova/virt/hardware.py``. The lists that a host's Linux writes
exclude nothing, and are ``builder.cloud.compute_host.cpu_list``.
"""

import re

CPUS_AT_MOST = 65536
"""No guest has more vCPUs; a greater range would only take memory."""


def cpu_set(text: str) -> frozenset[int] | None:
    """The CPUs of a set; None where Nova would refuse the text."""
    taken: set[int] = set()
    excluded: set[int] = set()
    for part in filter(None, map(str.strip, text.split(","))):
        match = re.fullmatch(r"(\^?)([0-9]{1,5})(?:-([0-9]{1,5}))?", part)
        if match is None:
            return None
        first, last = int(match[2]), int(match[3] or match[2])
        if first > last or last >= CPUS_AT_MOST:
            return None
        (excluded if match[1] else taken).update(range(first, last + 1))
    return frozenset(taken - excluded)


def cpu_mask(text: str, vcpus: int) -> frozenset[int] | None:
    """The vCPUs of a mask: one that begins with an exclusion excludes from all of them.

    None where Nova would refuse the text.
    """
    return cpu_set(f"0-{vcpus - 1},{text}" if text.strip().startswith("^") else text)


def is_cpu_set(text: str) -> bool:
    """Whether Nova takes a text for a set of CPUs, and it says something."""
    return cpu_set(text) is not None and bool(text.strip(" ,"))
