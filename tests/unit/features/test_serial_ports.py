"""Serial ports beside the console, and who logs in on them."""

from collections.abc import Iterator

import pytest
from check_cases import Case, broken_disk, good_disk, good_disks, right_guest, wrong_guest
from fake_guest import FakeGuest
from fake_terminal import Terminal
from good_disk import GETTY, GRUB_CFG, RELEASE, UNITS, masked

from builder.features import serial_ports


def disks() -> Iterator[Case]:
    yield from good_disks(serial_ports.FEATURE.inspections)
    check = serial_ports.gettys_will_start
    unit = "serial-getty@ttyS1.service"
    yield broken_disk(check, "disabled", {GETTY: None}, f"{unit} is disabled")
    yield broken_disk(check, "masked", masked(unit), f"{unit} is masked")
    yield broken_disk(
        check, "not installed", {f"{UNITS}/serial-getty@.service": None}, "is not installed"
    )

    boot = f"linux /boot/vmlinuz-{RELEASE} console=ttyS0 8250.nr_uarts="
    few = {GRUB_CFG: f"{boot}1\n"}
    yield broken_disk(
        check, "one port", few, f"{GRUB_CFG}:1: has 8250.nr_uarts=1: there is no ttyS1"
    )
    yield good_disk(check, "ports enough", {GRUB_CFG: f"{boot}2\n"}, f"{unit} is enabled")
    drop_in = f"/etc/systemd/system/{unit}.d/a.conf"
    other = {drop_in: "[Service]\nTTYPath=/dev/ttyS2\n"}
    yield broken_disk(check, "another port", other, f"{drop_in}:2: has {unit} use /dev/ttyS2, not")


def guests() -> Iterator[Case]:
    probe = serial_ports.ports_are_there
    yield right_guest(
        probe, FakeGuest({"ttyS": "ttyS0\nttyS1\n"}), "the guest has ttyS0, ttyS1", count=2
    )
    yield wrong_guest(
        probe, FakeGuest({"ttyS": "ttyS0\n"}), "the guest has ttyS0, not 2 ports", count=2
    )
    probe = serial_ports.user_logs_in_on_ports
    yield right_guest(
        probe, Terminal(honest=True, terminal="serial1"), "debian logged in on ttyS1", count=2
    )
    yield wrong_guest(probe, FakeGuest(), "this machine has 1 serial port")
    yield wrong_guest(
        probe, Terminal(honest=False, terminal="serial1"), "the serial1 refused 'debian'", count=2
    )


@pytest.mark.parametrize("case", [*disks(), *guests()], ids=str)
def test_a_check_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()
