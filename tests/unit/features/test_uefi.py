"""A guest that UEFI starts, on a Q35 or on AArch64's machine."""

from collections.abc import Iterator

import pytest
from check_cases import Case, broken_disk, good_disk, good_disks, right_guest, wrong_guest
from fake_guest import FakeGuest
from firmware_disk import GRUB, LOADER, mounted_at

from builder.features import uefi


def disks() -> Iterator[Case]:
    yield from good_disks(uefi.FEATURE.inspections)
    check = uefi.loader_is_at_removable_path
    yield broken_disk(check, "no loader", {LOADER: None}, "UEFI finds no boot loader")
    for place in ("/efi", "/boot"):
        seen = f"{place}/EFI/BOOT/BOOTX64.EFI is where UEFI looks"
        yield good_disk(check, f"an ESP at {place}", mounted_at(place), seen)
    elsewhere = {LOADER: None, GRUB: None, "/efi/EFI/arch/x": b""}
    cause = "/efi/EFI/BOOT/BOOTX64.EFI does not exist"
    yield broken_disk(check, "no loader in an ESP at /efi", elsewhere, cause)


def guests() -> Iterator[Case]:
    probe = uefi.guest_is_started_by_uefi
    yield right_guest(probe, FakeGuest({"efi": "uefi 64\n"}), "UEFI of 64 bits")
    yield wrong_guest(probe, FakeGuest({"efi": "bios\n"}), "was started by bios")
    yield wrong_guest(probe, FakeGuest({"efi": "uefi 32\n"}), "by uefi 32")
    probe = uefi.machine_is_virt
    yield right_guest(probe, FakeGuest({"0000:00:00.0": "0x1b36\n0x0008\n"}), "a 'virt'")
    yield wrong_guest(probe, FakeGuest({"0000": "0x8086\n0x29c0\n"}), "is 0x8086 0x29c0")
    probe = uefi.machine_is_q35
    yield right_guest(probe, FakeGuest({"0000:00:00.0": "0x8086\n0x29c0\n"}), "a Q35")
    yield wrong_guest(probe, FakeGuest({"0000": "0x8086\n0x1237\n"}), "is 0x8086 0x1237")


@pytest.mark.parametrize("case", [*disks(), *guests()], ids=str)
def test_a_check_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()
