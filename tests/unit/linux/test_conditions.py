"""A condition that no guest meets is told; one that a guest meets, or may meet, is not."""

import pytest
from fakes import FakeFilesystem, Link, Tree
from programs import program

from builder.feature import CheckFailed
from builder.linux.conditions import require_met

UNIT = "/usr/lib/systemd/system/agent.service"
DROP_IN = "/etc/systemd/system/agent.service.d/local.conf"
GOOD: Tree = {
    UNIT: "[Unit]\nConditionPathExists=!/etc/agent.off\n[Service]\n",
    "/boot/grub/grub.cfg": "linux /vmlinuz ro console=ttyS0\nlinux /vmlinuz single rescue\n",
    "/etc/machine-id": "",
    "/usr/bin/env": program(),
    "/etc/agent/rules": "x",
    "/etc/agent/none": "",
    "/etc/agent/link": Link("rules"),
}


def disk(*conditions: str, **more: str) -> FakeFilesystem:
    lines = "\n".join(conditions)
    return FakeFilesystem({**GOOD, DROP_IN: f"[Unit]\n{lines}\n", **more})


@pytest.mark.parametrize(
    "condition",
    [
        "ConditionKernelCommandLine=agent",
        "ConditionKernelCommandLine=!console",
        "AssertKernelCommandLine=console=ttyS1",
        "ConditionPathExists=/etc/agent/on",
        "ConditionPathExists=!/etc/agent/rules",
        "ConditionPathExistsGlob=/etc/agent/*.on",
        "ConditionPathIsDirectory=/etc/agent/rules",
        "ConditionPathIsSymbolicLink=/etc/agent/rules",
        "ConditionDirectoryNotEmpty=/etc/nothing",
        "ConditionFileNotEmpty=/etc/agent/none",
        "ConditionFileIsExecutable=/usr/bin/absent",
        "ConditionVirtualization=vmware",
        "ConditionVirtualization=!vm",
        "ConditionHost=build-host-7",
        "ConditionArchitecture=arm64",
        "ConditionFirstBoot=yes",
        "ConditionACPower=false",
        "ConditionUser=nobody",
    ],
)
def test_a_condition_that_no_guest_meets_is_told(condition: str) -> None:
    with pytest.raises(CheckFailed) as failure:
        require_met(disk(condition), "agent.service")
    assert str(failure.value) == (
        f"{DROP_IN}:2: has {condition}, which no guest meets: agent.service is not started; "
        "remove that"
    )


def test_of_several_of_which_one_is_enough_all_must_fail_to_be_told() -> None:
    triggering = ("ConditionHost=|a", "ConditionPathExists=|/etc/none")
    with pytest.raises(CheckFailed, match=r"ConditionHost=\|a.*ConditionPathExists=\|/etc/none"):
        require_met(disk(*triggering), "agent.service")
    require_met(disk(*triggering, "ConditionVirtualization=|kvm"), "agent.service")


@pytest.mark.parametrize(
    "conditions",
    [
        ("ConditionKernelCommandLine=console",),
        ("ConditionKernelCommandLine=!rescue",),
        ("ConditionPathExists=/run/agent", "ConditionPathExists=/dev/vport0p1"),
        ("ConditionPathIsDirectory=/etc/agent", "ConditionPathExistsGlob=/etc/agent/r*"),
        ("ConditionPathIsSymbolicLink=/etc/agent/link", "ConditionFileNotEmpty=/etc/agent/rules"),
        ("ConditionVirtualization=!container", "ConditionVirtualization=yes"),
        ("ConditionHost=*", "ConditionArchitecture=x86-64", "ConditionFirstBoot=no"),
        ("ConditionMemory=>=1G", "ConditionACPower=true", "ConditionUser=root"),
        ("ConditionPathExists=/etc/none", "ConditionHost="),
        ("[Service]", "ConditionPathExists=/etc/none"),
    ],
)
def test_what_a_guest_meets_is_not_told(conditions: tuple[str, ...]) -> None:
    require_met(disk(*conditions), "agent.service")


def test_a_first_boot_is_told_by_the_machine_id() -> None:
    uninitialized = {"/etc/machine-id": "uninitialized\n"}
    require_met(disk("ConditionFirstBoot=yes", **uninitialized), "agent.service")
