"""The machine that Nova gives for an image's properties."""

from collections.abc import Mapping

import pytest
from samples import plan

from builder.feature import Firmware
from builder.nova.hardware import firmwares, machine


def test_the_machine_is_the_one_that_nova_would_give() -> None:
    bare = machine({}, "bios")
    assert (bare.disk_bus, bare.guest_agent, bare.watchdog, bare.multiqueue) == (
        "virtio", False, None, False,
    )  # fmt: skip
    full = plan("pinned-scsi").boots[1].machine
    assert (full.firmware, full.disk_bus, full.guest_agent, full.watchdog, full.multiqueue) == (
        "uefi", "scsi", True, "reset", True,
    )  # fmt: skip


@pytest.mark.parametrize("half", [{"hw_disk_bus": "scsi"}, {"hw_scsi_model": "virtio-scsi"}])
def test_half_of_virtio_scsi_is_no_virtio_scsi(half: Mapping[str, str]) -> None:
    assert machine(half, "bios").disk_bus == "virtio"


def test_secure_boot_random_numbers_and_a_tpm_are_hardware_too() -> None:
    seen = plan("secure-boot").boots[0].machine
    assert (seen.firmware, seen.secure_boot, seen.rng, seen.tpm) == ("uefi", True, True, "tpm-tis")


@pytest.mark.parametrize(
    ("properties", "model"),
    [
        ({}, None),
        ({"hw_tpm_model": "tpm-crb"}, None),
        ({"hw_tpm_version": "2.0"}, "tpm-tis"),
        ({"hw_tpm_version": "2.0", "hw_tpm_model": "tpm-crb"}, "tpm-crb"),
    ],
)
def test_a_tpm_is_given_by_its_version(properties: Mapping[str, str], model: str | None) -> None:
    assert machine(properties, "uefi").tpm == model


def test_secure_boot_is_of_uefi_only() -> None:
    assert not machine({"os_secure_boot": "required"}, "bios").secure_boot


@pytest.mark.parametrize(
    ("properties", "found"),
    [
        ({}, ("bios", "uefi")),
        ({"architecture": "i686"}, ("bios", "uefi")),
        ({"architecture": "aarch64"}, ("uefi",)),
        ({"architecture": "aarch64", "hw_firmware_type": "uefi"}, ("uefi",)),
        ({"hw_firmware_type": "bios"}, ("bios",)),
    ],
)
def test_a_guest_of_aarch64_has_no_bios(
    properties: Mapping[str, str], found: tuple[Firmware, ...]
) -> None:
    assert firmwares(properties) == found


def test_a_disabled_watchdog_is_no_device_and_none_is_one() -> None:
    assert machine({"hw_watchdog_action": "disabled"}, "bios").watchdog is None
    assert machine({"hw_watchdog_action": "none"}, "bios").watchdog == "none"
