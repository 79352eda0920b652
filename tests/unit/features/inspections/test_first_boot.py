"""What brings a guest up for the first time: network, cloud-init, SSH."""

from collections.abc import Iterator

import pytest
from check_cases import Case, broken_disk, good_disk, good_disks
from fakes import Link
from good_disk import INSTALL, RENDERERS, UNITS, WANTS

from builder.features.inspections import first_boot


def disks() -> Iterator[Case]:
    yield from good_disks(first_boot.INSPECTIONS)
    check = first_boot.name_servers_will_be_told
    resolved = "/etc/systemd/system/sysinit.target.wants/systemd-resolved.service"
    yield broken_disk(
        check, "no resolved", {resolved: None}, "systemd-resolved.service is disabled"
    )
    check = first_boot.nothing_waits_for_network
    waiter = "systemd-networkd-wait-online.service"
    held = {f"{UNITS}/{waiter}": "[Service]\nExecStart=w\n", f"{WANTS}/{waiter}": Link("x")}
    yield broken_disk(check, "two minutes", held, f"{waiter} wait up to 120 s for a network; give")
    check = first_boot.network_will_start
    networkd = f"{WANTS}/systemd-networkd.service"
    yield broken_disk(
        check,
        "networkd is disabled",
        {networkd: None},
        f"{RENDERERS} has cloud-init render for networkd, but nothing will bring a NIC up: systemd",
    )
    yield broken_disk(
        check,
        "another stack is enabled",
        {RENDERERS: "renderers: [network-manager]\n"},
        "NetworkManager.service is missing",
    )
    yield broken_disk(
        check, "no stack", {networkd: None, RENDERERS: None}, "wicked.service is missing"
    )
    other = {RENDERERS: None, "/etc/cloud/cloud.cfg": None}
    yield good_disk(check, "no renderer is named", other, "systemd-networkd.service is enabled")
    check = first_boot.cloud_init_will_start
    target = "/etc/systemd/system/cloud-init.target.wants"
    enabled = f"{target}/cloud-init.service"
    yield broken_disk(check, "disabled", {enabled: None}, "cloud-init.service is disabled")
    yield broken_disk(
        check, "switched off", {"/etc/cloud/cloud-init.disabled": b""}, "switches cloud-init off"
    )
    yield good_disk(
        check,
        "of version 24.3",
        {
            f"{UNITS}/cloud-init-network.service": INSTALL,
            f"{target}/cloud-init-network.service": Link("x"),
            f"{UNITS}/cloud-init.service": None,
        },
        "every stage of cloud-init will be started",
    )
    check = first_boot.cloud_init_listens
    yield broken_disk(
        check,
        "another source",
        {"/etc/cloud/cloud.cfg": "# x\ndatasource_list: [None]\n"},
        "/etc/cloud/cloud.cfg:2: has cloud-init look for None, and not for Nova's data",
    )
    check = first_boot.root_can_grow
    yield broken_disk(
        check, "no growpart", {"/usr/bin/growpart": None}, "/usr/bin/growpart does not exist"
    )
    check = first_boot.ssh_will_start
    yield broken_disk(
        check, "not installed", {f"{UNITS}/ssh.service": None}, "ssh.service is not installed"
    )
    yield broken_disk(check, "disabled", {f"{WANTS}/ssh.service": None}, "ssh.service is disabled")
    own = {f"{UNITS}/ssh.service": f"[Unit]\nConditionPathExists=!/etc/ssh/off\n{INSTALL}"}
    yield good_disk(check, "condition", own, "ssh.service is enabled")
    off = {**own, "/etc/ssh/off": ""}
    yield broken_disk(check, "no condition", off, "ssh.service:2: has ConditionPathExists=!/etc")


@pytest.mark.parametrize("case", [*disks()], ids=str)
def test_a_check_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()
