"""What every image does on its first boots."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from check_cases import Case, right_guest, wrong_guest
from fake_guest import FakeGuest

from builder.feature import Completed, Machine
from builder.features import foundation

GIB = 1024**3
UEFI = Machine(firmware="uefi")
DMESG = "[ 0.0] Linux version 6.1\n"
HUNG = "[ 9.0] INFO: task a:1 blocked for more than 120 seconds."
SIZES = "findmnt -bno SIZE"


def cloud_init(**stages: Any) -> dict[str, Completed]:
    seen = {"datasource": "DataSourceConfigDrive [net,ver=2]", "stage": None, **stages}
    return {"cloud-init": Completed(0, json.dumps({"v1": seen}), "")}


def nic(state: str = "UP", *, dynamic: bool = True) -> str:
    address = {"family": "inet", "local": "10.0.2.15", "prefixlen": 24}
    lease = {"dynamic": True} if dynamic else {}
    loopback = {"ifname": "lo", "operstate": "UNKNOWN", "addr_info": [{"local": "127.0.0.1"}]}
    return json.dumps(
        [loopback, {"ifname": "ens3", "operstate": state, "addr_info": [{**address, **lease}]}]
    )


def guests() -> Iterator[Case]:
    probe = foundation.firmware_is_as_asked
    yield right_guest(probe, FakeGuest({"efi": "bios\n"}), "BIOS")
    yield right_guest(probe, FakeGuest({"efi": "uefi\n"}, machine=UEFI), "UEFI")
    yield wrong_guest(probe, FakeGuest({"efi": "uefi\n"}), "not by bios")
    probe = foundation.release_is_as_claimed
    yield right_guest(
        probe, FakeGuest({"os-release": "Linux debian 12 x86_64\n"}), "Linux debian 12 x86_64"
    )
    yield wrong_guest(
        probe,
        FakeGuest({"os-release": "Linux debian 13 x86_64\n"}),
        "claims 'Linux debian 12 x86_64'",
    )
    unreleased = FakeGuest({"os-release": "Linux debian  x86_64\n"})
    yield right_guest(probe, unreleased, "Linux debian  x86_64", os_version="")
    yield wrong_guest(probe, unreleased, "claims 'Linux debian 12 x86_64'")
    yield wrong_guest(
        probe,
        FakeGuest({"os-release": "Linux debian 14 x86_64\n"}),
        "claims 'Linux debian x86_64'",
        os_version="",
    )
    probe = foundation.cloud_init_finishes
    yield right_guest(
        probe,
        FakeGuest(cloud_init(init={"errors": [], "recoverable_errors": {}})),
        "DataSourceConfigDrive",
    )
    yield wrong_guest(
        probe, FakeGuest(cloud_init(init={"errors": ["no such module"]})), "init: no such module"
    )
    yield wrong_guest(
        probe,
        FakeGuest({"cloud-init": Completed(1, "", "cloud-init has not come to its end\n")}),
        "cloud-init has not come to its end",
    )
    yield wrong_guest(
        probe,
        FakeGuest(cloud_init(**{"init-local": {"recoverable_errors": {"WARNING": ["odd"]}}})),
        "init-local: WARNING: odd",
    )
    yield wrong_guest(
        probe, FakeGuest(cloud_init(datasource="DataSourceNone")), "used DataSourceNone"
    )
    probe = foundation.nic_has_dhcp_address
    yield right_guest(probe, FakeGuest({"ip -json": nic()}), "10.0.2.15/24")
    yield wrong_guest(probe, FakeGuest({"ip -json": nic("DOWN")}), "ens3 DOWN")
    yield wrong_guest(
        probe, FakeGuest({"ip -json": nic(dynamic=False)}), "no NIC has an IPv4 address by DHCP"
    )
    probe = foundation.default_user_logs_in
    yield right_guest(probe, FakeGuest({"SUDO_USER": "debian 0\n"}), "debian logs in")
    yield wrong_guest(probe, FakeGuest({"SUDO_USER": "cloud-user 0\n"}), "logged in as cloud-user")
    probe = foundation.root_has_grown
    yield right_guest(
        probe,
        FakeGuest({SIZES: f"{6 * GIB} {6 * GIB} {6 * GIB}\n"}),
        "6.0 GiB of a disk of 6.0 GiB",
    )
    yield wrong_guest(
        probe,
        FakeGuest({SIZES: f"{2 * GIB} {2 * GIB} {6 * GIB}\n"}),
        "2.0 GiB in a partition of 2.0 GiB on a disk of 6.0 GiB",
    )
    probe = foundation.no_unit_has_failed
    yield right_guest(probe, FakeGuest({"--failed": "running\n"}), "running")
    yield wrong_guest(
        probe,
        FakeGuest({"--failed": "degraded\nwatchdog.service loaded failed failed x\n"}),
        "'degraded': watchdog.service",
    )
    probe = foundation.kernel_reports_no_failure
    yield right_guest(probe, FakeGuest({"dmesg": DMESG}), "no failure")
    yield wrong_guest(
        probe, FakeGuest({"dmesg": DMESG}, console="Kernel panic - not syncing: x"), "kernel panic"
    )
    yield wrong_guest(
        probe,
        FakeGuest({"dmesg": HUNG}),
        "hung task",
    )
    probe = foundation.only_own_watchdog_is_armed
    yield right_guest(probe, FakeGuest({"watchdog": ""}), "no watchdog")
    yield right_guest(
        probe,
        FakeGuest({"watchdog": "iTCO_wdt: inactive\ni6300ESB timer: active\n"}),
        "iTCO_wdt is inactive, i6300ESB timer is active",
    )
    yield wrong_guest(
        probe,
        FakeGuest({"watchdog": "iTCO_wdt: active\ni6300ESB timer: active\n"}),
        "iTCO_wdt is armed",
    )


def boot_loaders() -> Iterator[Case]:
    probe = foundation.boot_loader_reinstalls
    yield right_guest(
        probe,
        FakeGuest({"rm -r /boot": "", "grub-install": "done\n"}),
        "for BIOS was removed and is there again",
    )
    yield wrong_guest(
        probe,
        FakeGuest(
            {"rm -r /boot": "", "grub-install": Completed(1, "cannot find EFI directory.\n", "")}
        ),
        "cannot find EFI directory",
    )
    probe = foundation.reinstalled_boot_loader_starts
    yield right_guest(probe, FakeGuest({"boot_id": "\n"}), "the BIOS has started the guest")
    yield right_guest(
        probe,
        FakeGuest({"boot_id": "BOOTX64.EFI grubx64.efi\n"}, machine=UEFI),
        "UEFI has started the guest by what was installed in EFI/BOOT: BOOTX64.EFI grubx64.efi",
    )
    yield wrong_guest(
        probe,
        FakeGuest({"boot_id": Completed(1, "it has not been restarted since\n", "")}),
        "it has not been restarted since",
    )
    probe = foundation.boot_loader_reconfigures
    yield right_guest(
        probe, FakeGuest({"update-grub": "done\n", "grep -nE": ""}), "names no device"
    )
    yield wrong_guest(
        probe, FakeGuest({"update-grub": Completed(1, "no such device\n", "")}), "no such device"
    )
    yield wrong_guest(
        probe,
        FakeGuest({"update-grub": "", "grep -nE": "grub.cfg:9: root=/dev/sda3\n"}),
        "device names: grub.cfg:9: root=/dev/sda3",
    )


def restarts() -> Iterator[Case]:
    probe = foundation.guest_reboots
    yield right_guest(probe, FakeGuest({"reboot": ""}, restarts=True), "back after")
    yield wrong_guest(
        probe,
        FakeGuest({"reboot": Completed(1, "", "Operation inhibited\n")}),
        "Operation inhibited",
    )
    probe = foundation.restart_reports_no_failure
    yield right_guest(probe, FakeGuest({"dmesg": DMESG}), "no failure")
    yield wrong_guest(
        probe,
        FakeGuest({"dmesg": HUNG}),
        "hung task",
    )


@pytest.mark.parametrize("case", [*guests(), *boot_loaders(), *restarts()], ids=str)
def test_a_check_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()
