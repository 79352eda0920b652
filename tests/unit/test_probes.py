"""Every probe passes on a guest that is right and fails on one that is wrong."""

import json
from typing import Any

import pytest
from fake_guest import FakeGuest

from builder.feature import CheckFailed, Completed, Machine, Probe
from builder.features import (
    discard,
    foundation,
    guest_agent,
    multiqueue,
    virtio_scsi,
    watchdog,
)

FOUNDATION = foundation.FoundationParameters(
    os_distro="debian", os_version="12", architecture="x86_64", default_user="debian"
)
AGENT = guest_agent.GuestAgentParameters(admin_user="debian")
ACTIVE = "LoadState=loaded\nActiveState=active\nSubState=running\n"
DEAD = "LoadState=loaded\nActiveState=failed\nSubState=failed\n"
GIB = 1024**3


def cloud_init(status: int = 0, **stages: Any) -> dict[str, Completed]:
    seen = {"datasource": "DataSourceConfigDrive [net,ver=2]", "stage": None, **stages}
    return {"cloud-init": Completed(0, f"{status}\n{json.dumps({'v1': seen})}\n", "")}


def nic(state: str = "UP", *, dynamic: bool = True) -> str:
    address = {"family": "inet", "local": "10.0.2.15", "prefixlen": 24}
    lease = {"dynamic": True} if dynamic else {}
    loopback = {"ifname": "lo", "operstate": "UNKNOWN", "addr_info": [{"local": "127.0.0.1"}]}
    return json.dumps(
        [loopback, {"ifname": "ens3", "operstate": state, "addr_info": [{**address, **lease}]}]
    )


def supported(*blocked: str) -> dict[str, Any]:
    names = ("guest-ping", *sorted(guest_agent.NOVA_COMMANDS))
    commands = [{"name": name, "enabled": name not in blocked} for name in names]
    return {"guest-ping": {}, "guest-info": {"version": "7.2", "supported_commands": commands}}


def trim(status: int) -> Completed:
    return Completed(status, "", "fstrim: /: the discard operation is not supported")


class Account(FakeGuest):
    """A guest whose password the agent really sets, or only says so."""

    def __init__(self, *, honest: bool) -> None:
        self.hash = "!"
        self.honest = honest
        super().__init__(agent={"guest-set-user-password": self.set_password})

    def set_password(self, **_: Any) -> dict[str, Any]:
        if self.honest:
            self.hash = "$y$j9T$hash"
        return {}

    def run(self, *argv: str, timeout: float = 60) -> Completed:  # noqa: ARG002 - the protocol's
        assert "getent shadow debian" in argv[-1]
        return Completed(0, f"{self.hash}\n", "")


BIOS, UEFI = Machine(firmware="bios"), Machine(firmware="uefi")
DMESG = "[ 0.0] Linux version 6.1\n"
FREEZING = {"guest-fsfreeze-freeze": 2, "guest-fsfreeze-thaw": 2}
WATCHDOG = watchdog.WatchdogParameters()
NO_WATCHDOG = watchdog.WatchdogParameters(action="disabled")
SIZES = "findmnt -bno SIZE"

Case = tuple[Probe[Any], Any, FakeGuest, str]

PASSING: list[Case] = [
    (foundation.firmware_is_as_asked, FOUNDATION, FakeGuest({"efi": "bios\n"}), "BIOS"),
    (
        foundation.firmware_is_as_asked,
        FOUNDATION,
        FakeGuest({"efi": "uefi\n"}, machine=UEFI),
        "UEFI",
    ),
    (
        foundation.release_is_as_claimed,
        FOUNDATION,
        FakeGuest({"os-release": "Linux debian 12 x86_64\n"}),
        "Linux debian 12 x86_64",
    ),
    (
        foundation.cloud_init_finishes,
        FOUNDATION,
        FakeGuest(cloud_init(init={"errors": [], "recoverable_errors": {}})),
        "DataSourceConfigDrive",
    ),
    (foundation.nic_has_dhcp_address, FOUNDATION, FakeGuest({"ip -json": nic()}), "10.0.2.15/24"),
    (
        foundation.default_user_logs_in,
        FOUNDATION,
        FakeGuest({"SUDO_USER": "debian 0\n"}),
        "debian logs in",
    ),
    (
        foundation.root_has_grown,
        FOUNDATION,
        FakeGuest({SIZES: f"{6 * GIB} {6 * GIB} {6 * GIB}\n"}),
        "6.0 GiB of a disk of 6.0 GiB",
    ),
    (foundation.no_unit_has_failed, FOUNDATION, FakeGuest({"--failed": "running\n"}), "running"),
    (foundation.kernel_reports_no_failure, FOUNDATION, FakeGuest({"dmesg": DMESG}), "no failure"),
    (
        foundation.boot_loader_reinstalls,
        FOUNDATION,
        FakeGuest({"grub-install": "done\n"}),
        "grub-install for BIOS",
    ),
    (
        foundation.boot_loader_reconfigures,
        FOUNDATION,
        FakeGuest({"update-grub": "done\n", "grep -nE": ""}),
        "names no device",
    ),
    (
        virtio_scsi.root_is_on_virtio_scsi,
        None,
        FakeGuest({"findmnt": "sda virtio_scsi\n"}),
        "/dev/sda on virtio-scsi",
    ),
    (
        discard.timer_is_active,
        None,
        FakeGuest({"systemctl show": ACTIVE}),
        "fstrim.timer is active",
    ),
    (
        discard.root_can_be_trimmed,
        None,
        FakeGuest({"fstrim": "/: 4 GiB (4294967296 bytes) trimmed\n"}),
        "trimmed",
    ),
    (guest_agent.agent_answers, AGENT, FakeGuest(agent=supported()), "7.2 answers"),
    (guest_agent.agent_sets_password, AGENT, Account(honest=True), "password of debian"),
    (guest_agent.agent_freezes_file_systems, AGENT, FakeGuest(agent=FREEZING), "froze 2"),
    (
        multiqueue.irqbalance_is_active,
        None,
        FakeGuest({"systemctl show": ACTIVE}),
        "irqbalance.service is active",
    ),
    (
        multiqueue.queues_equal_vcpus,
        None,
        FakeGuest({"nproc": "2\nens3 1 1\nens4 2 2\n"}),
        "ens4 uses 2 queues",
    ),
    (
        watchdog.device_is_i6300esb,
        WATCHDOG,
        FakeGuest({"identity": "i6300ESB timer\n"}),
        "i6300ESB",
    ),
    (watchdog.device_is_i6300esb, NO_WATCHDOG, FakeGuest({"identity": "\n"}), "no watchdog"),
    (
        watchdog.daemon_holds_device,
        WATCHDOG,
        FakeGuest({"-lname": "watchdog\n"}),
        "held open by watchdog",
    ),
]

FAILING: list[Case] = [
    (foundation.firmware_is_as_asked, FOUNDATION, FakeGuest({"efi": "uefi\n"}), "not by bios"),
    (
        foundation.release_is_as_claimed,
        FOUNDATION,
        FakeGuest({"os-release": "Linux debian 13 x86_64\n"}),
        "claims 'Linux debian 12 x86_64'",
    ),
    (
        foundation.cloud_init_finishes,
        FOUNDATION,
        FakeGuest(cloud_init(1, init={"errors": ["no such module"]})),
        "exit code 1: init: no such module",
    ),
    (
        foundation.cloud_init_finishes,
        FOUNDATION,
        FakeGuest(cloud_init(2, **{"init-local": {"recoverable_errors": {"WARNING": ["odd"]}}})),
        "init-local: WARNING: odd",
    ),
    (
        foundation.cloud_init_finishes,
        FOUNDATION,
        FakeGuest(cloud_init(datasource="DataSourceNone")),
        "used DataSourceNone",
    ),
    (
        foundation.nic_has_dhcp_address,
        FOUNDATION,
        FakeGuest({"ip -json": nic("DOWN")}),
        "ens3 DOWN",
    ),
    (
        foundation.nic_has_dhcp_address,
        FOUNDATION,
        FakeGuest({"ip -json": nic(dynamic=False)}),
        "no NIC has an IPv4 address by DHCP",
    ),
    (
        foundation.default_user_logs_in,
        FOUNDATION,
        FakeGuest({"SUDO_USER": "cloud-user 0\n"}),
        "logged in as cloud-user",
    ),
    (
        foundation.root_has_grown,
        FOUNDATION,
        FakeGuest({SIZES: f"{2 * GIB} {2 * GIB} {6 * GIB}\n"}),
        "2.0 GiB in a partition of 2.0 GiB on a disk of 6.0 GiB",
    ),
    (
        foundation.no_unit_has_failed,
        FOUNDATION,
        FakeGuest({"--failed": "degraded\nwatchdog.service loaded failed failed x\n"}),
        "'degraded': watchdog.service",
    ),
    (
        foundation.kernel_reports_no_failure,
        FOUNDATION,
        FakeGuest({"dmesg": DMESG}, console="Kernel panic - not syncing: x"),
        "kernel panic",
    ),
    (
        foundation.kernel_reports_no_failure,
        FOUNDATION,
        FakeGuest({"dmesg": "[ 9.0] INFO: task a:1 blocked for more than 120 seconds."}),
        "hung task",
    ),
    (
        foundation.boot_loader_reinstalls,
        FOUNDATION,
        FakeGuest({"grub-install": Completed(1, "cannot find EFI directory.\n", "")}),
        "cannot find EFI directory",
    ),
    (
        foundation.boot_loader_reconfigures,
        FOUNDATION,
        FakeGuest({"update-grub": Completed(1, "no such device\n", "")}),
        "no such device",
    ),
    (
        foundation.boot_loader_reconfigures,
        FOUNDATION,
        FakeGuest({"update-grub": "", "grep -nE": "grub.cfg:9: root=/dev/sda3\n"}),
        "device names: grub.cfg:9: root=/dev/sda3",
    ),
    (
        virtio_scsi.root_is_on_virtio_scsi,
        None,
        FakeGuest({"findmnt": "vda virtio_blk\n"}),
        "root is /dev/vda (driver virtio_blk)",
    ),
    (
        discard.timer_is_active,
        None,
        FakeGuest({"systemctl show": "LoadState=not-found\nActiveState=inactive\n"}),
        "no unit fstrim.timer",
    ),
    (discard.root_can_be_trimmed, None, FakeGuest({"fstrim": trim(1)}), "not supported"),
    (
        guest_agent.agent_answers,
        AGENT,
        FakeGuest(agent=supported("guest-set-user-password")),
        "blocked or missing: guest-set-user-password",
    ),
    (guest_agent.agent_answers, AGENT, FakeGuest(), "refused 'guest-ping'"),
    (guest_agent.agent_sets_password, AGENT, Account(honest=False), "has not changed"),
    (
        guest_agent.agent_freezes_file_systems,
        AGENT,
        FakeGuest(agent={**FREEZING, "guest-fsfreeze-freeze": 0}),
        "froze no file system",
    ),
    (guest_agent.agent_freezes_file_systems, AGENT, FakeGuest(), "'guest-fsfreeze-freeze'"),
    (
        multiqueue.irqbalance_is_active,
        None,
        FakeGuest({"systemctl show": DEAD, "journalctl": "Balancing is ineffective\n"}),
        "failed (failed): Balancing is ineffective",
    ),
    (
        multiqueue.queues_equal_vcpus,
        None,
        FakeGuest({"nproc": "2\nens3 1 1\nens4 1 1\n"}),
        "uses 1 receive and 1 transmit queues; the guest has 2 vCPUs",
    ),
    (multiqueue.queues_equal_vcpus, None, FakeGuest({"nproc": "2\n"}), "no virtio-net NIC"),
    (watchdog.device_is_i6300esb, WATCHDOG, FakeGuest({"identity": "\n"}), "lacks i6300esb"),
    (
        watchdog.device_is_i6300esb,
        WATCHDOG,
        FakeGuest({"identity": "iTCO_wdt\n"}),
        "'iTCO_wdt', not",
    ),
    (
        watchdog.device_is_i6300esb,
        NO_WATCHDOG,
        FakeGuest({"identity": "i6300ESB timer\n"}),
        "although none is asked for",
    ),
    (
        watchdog.daemon_holds_device,
        WATCHDOG,
        FakeGuest({"-lname": "\n"}),
        "no process holds /dev/watchdog",
    ),
    (
        watchdog.daemon_holds_device,
        WATCHDOG,
        FakeGuest({"-lname": "wd_keepalive\n"}),
        "held open by wd_keepalive, not by watchdog",
    ),
]


def name(case: Any) -> str | None:
    return case.name if isinstance(case, Probe) else None


@pytest.mark.parametrize(("probe", "parameters", "guest", "seen"), PASSING, ids=name)
def test_a_probe_passes_and_says_what_it_saw(
    probe: Probe[Any], parameters: Any, guest: FakeGuest, seen: str
) -> None:
    assert seen in probe.function(guest, parameters)


@pytest.mark.parametrize(("probe", "parameters", "guest", "reason"), FAILING, ids=name)
def test_a_probe_fails_and_names_the_cause(
    probe: Probe[Any], parameters: Any, guest: FakeGuest, reason: str
) -> None:
    with pytest.raises(CheckFailed) as failure:
        probe.function(guest, parameters)
    assert reason in str(failure.value)


def test_every_probe_is_seen_to_pass_and_to_fail() -> None:
    modules = (discard, foundation, guest_agent, multiqueue, virtio_scsi, watchdog)
    shipped = {probe for module in modules for probe in module.FEATURE.probes}
    assert {case[0] for case in PASSING} == shipped
    assert {case[0] for case in FAILING} == shipped


def test_nobody_needs_to_hold_a_watchdog_that_is_not_asked_for() -> None:
    quiet = FakeGuest({"/fd": ""})
    assert "as asked" in watchdog.daemon_holds_device.function(quiet, NO_WATCHDOG)


def test_file_systems_are_thawed_even_if_freezing_failed() -> None:
    thawed: list[str] = []

    def thaw() -> int:
        thawed.append("thawed")
        return 0

    with pytest.raises(CheckFailed, match="guest-fsfreeze-freeze"):
        guest_agent.agent_freezes_file_systems.function(
            FakeGuest(agent={"guest-fsfreeze-thaw": thaw}), AGENT
        )
    assert thawed == ["thawed"]
