"""Host CPUs of a guest's own, and vCPUs that its kernel leaves alone."""

from collections.abc import Iterator
from typing import Any

import pytest
from check_cases import Case, broken_disk, good_disk, good_disks
from good_disk import BLS_ENTRY, GRUB_CFG, ISOLATING, RELEASE
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


def disks() -> Iterator[Case]:
    yield from good_disks(cpu_pinning.FEATURE.inspections)
    check = cpu_pinning.kernels_are_told
    entry = f"linux /boot/vmlinuz-{RELEASE} ro"
    yield broken_disk(
        check, "no entry", {GRUB_CFG: "set default=0\n"}, "no entry that starts a kernel"
    )
    yield broken_disk(
        check,
        "none",
        {GRUB_CFG: entry},
        f"{GRUB_CFG}:1: starts a kernel without isolcpus=managed_irq",
    )
    yield broken_disk(
        check,
        "one entry has not all",
        {GRUB_CFG: f"{entry} {ISOLATING}\n{entry} {ISOLATING.replace('nohz_full=2-N', 'quiet')}\n"},
        f"{GRUB_CFG}:2: starts a kernel without nohz_full=2-N",
    )
    yield broken_disk(
        check,
        "an entry of its own has other vCPUs",
        {
            GRUB_CFG: "blscfg\n",
            BLS_ENTRY: f"options ro {ISOLATING.replace('2-N', '1-N')}\n",
        },
        "/boot/loader/entries/a.conf:1: starts a kernel without isolcpus",
    )
    entry_of_its_own = {GRUB_CFG: "blscfg\n", BLS_ENTRY: f"title A\noptions ro {ISOLATING}\n"}
    yield good_disk(check, "an entry of its own", entry_of_its_own, f"{BLS_ENTRY}: isolcpus")


@pytest.mark.parametrize("case", [*disks()], ids=str)
def test_an_inspection_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()
