"""Which of a guest's vCPUs have physical CPUs of their own, and how: what Nova makes of a request.

Source: ``numa_get_constraints`` in Nova's ``nova/virt/hardware.py``. What contradicts itself is for
``builder.nova.rules.cpu`` to say.
"""

import re
from collections.abc import Mapping

from builder.nova import topology
from builder.nova.cpu_set import cpu_mask
from builder.nova.request import Request

PINNED = frozenset({"dedicated", "mixed"})
"""Policies of guests that have dedicated CPUs."""
SMT = "HW_CPU_HYPERTHREADING"
"""The trait of hosts whose cores have several threads."""


def cpu_policy(request: Request) -> str | None:
    """The policy by which the guest's vCPUs are placed; None where nobody says."""
    if requested_cpus(request.extra_specs, "PCPU"):
        return "dedicated"
    if requested_cpus(request.extra_specs, "VCPU"):
        return "shared"
    return request.either("hw:cpu_policy")


def is_pinned(request: Request) -> bool:
    """Whether the guest has dedicated CPUs."""
    return cpu_policy(request) in PINNED


def requested_cpus(extra_specs: Mapping[str, str], resource: str) -> dict[str, int]:
    """How many ``VCPU`` or ``PCPU`` a flavor asks Placement for, by extra spec."""
    pattern = re.compile(rf"resources([1-9][0-9]*)?:{resource}")
    found = {
        name: topology.number(value)
        for name, value in extra_specs.items()
        if pattern.fullmatch(name)
    }
    return {name: number for name, number in found.items() if number}


def smt_trait(request: Request) -> tuple[str, str] | None:
    """What is said of the trait of hosts with SMT: the name that says it, and the value."""
    pattern = re.compile(rf"trait([1-9][0-9]*)?:{SMT}")
    for name, value in request.extra_specs.items():
        if pattern.fullmatch(name):
            return name, value
    name = f"trait:{SMT}"
    return (name, "required") if request.image(name) == "required" else None


def realtime_cpus(request: Request) -> frozenset[int] | None:
    """The vCPUs that shall run in real time; None where it is off or cannot be known."""
    vcpus = request.flavor_vcpus
    if not request.is_on("hw:cpu_realtime") or vcpus is None:
        return None
    mask = request.image("hw_cpu_realtime_mask") or request.flavor("hw:cpu_realtime_mask")
    return cpu_mask(mask, vcpus) if mask else frozenset(range(vcpus))
