"""Host CPUs of a guest's own, and vCPUs that its kernel leaves alone."""

from typing import Any

import pytest
from pydantic import ValidationError

from builder.features import cpu_pinning
from builder.features.cpu_pinning import CpuPinningParameters


@pytest.mark.parametrize(
    ("count", "others", "own"), [(1, "1-N", "0"), (2, "2-N", "0-1"), (4, "4-N", "0-3")]
)
def test_the_first_vcpus_keep_house_and_all_others_are_isolated(
    count: int, others: str, own: str
) -> None:
    arguments = CpuPinningParameters(housekeeping=count).kernel_arguments
    assert arguments == (
        f"isolcpus=managed_irq,domain,{others}",
        f"nohz_full={others}",
        f"rcu_nocbs={others}",
        f"irqaffinity={own}",
    )
    told = cpu_pinning.environment(CpuPinningParameters(housekeeping=count))
    assert told == {"DIB_KERNEL_ARGUMENTS": " ".join(arguments)}


def test_without_housekeeping_the_kernel_is_told_nothing() -> None:
    assert cpu_pinning.environment(CpuPinningParameters()) == {}
    assert not cpu_pinning.isolates(CpuPinningParameters())


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"policy": "shared", "housekeeping": 1}, "isolated vCPUs need dedicated CPUs"),
        ({"policy": "shared", "threads": "isolate"}, "a thread policy needs dedicated CPUs"),
        ({"policy": "shared", "emulator_threads": "share"}, "QEMU's threads needs dedicated CPUs"),
        ({"housekeeping": 0}, "greater than or equal to 1"),
    ],
)
def test_what_shared_cpus_cannot_give_is_refused(given: Any, reason: str) -> None:
    with pytest.raises(ValidationError) as refused:
        CpuPinningParameters(**given)
    assert reason in str(refused.value)
