"""Programs whose signatures the firmware, shim and GRUB accept, and a kernel locked down."""

from collections.abc import Iterator

import pytest
from check_cases import Case, broken_disk, good_disk, good_disks, right_guest, wrong_guest
from fake_guest import FakeGuest
from firmware_disk import (
    GRUB,
    KERNEL,
    LOADER,
    MICROSOFT,
    PUBLISHER,
    SHIM,
    SIGNED,
    STRANGER,
    mounted_at,
)
from signed import program, shim, sign

from builder.features import secure_boot
from builder.linux import secureboot


def disks() -> Iterator[Case]:
    yield from good_disks(secure_boot.FEATURE.inspections)
    check = secure_boot.loader_is_signed
    yield broken_disk(check, "no loader", {LOADER: None}, "UEFI finds no boot loader")
    yield broken_disk(check, "no program", {LOADER: b"text"}, f"{LOADER} is not a program for UEFI")
    yield broken_disk(check, "not signed", {LOADER: program()}, f"{LOADER} is not signed")
    yield broken_disk(check, "signed by others", {LOADER: SIGNED}, "but by Vendor Signer")
    # The code and what fills its section up: the signature covers it, but not the file's checksum.
    changed = SHIM.replace(b"\xc3" + bytes(15), b"\xcc" + bytes(15), 1)
    yield broken_disk(
        check, "changed", {LOADER: changed}, f"{LOADER} has been changed since it was signed"
    )
    for place in ("/efi", "/boot"):
        yield good_disk(check, f"an ESP at {place}", mounted_at(place), "UEFI CA of the tests")
    check = secure_boot.what_follows_is_signed
    yield broken_disk(check, "no shim", {LOADER: SIGNED}, f"{LOADER} is not a shim")
    untrusting = sign(shim(b""), PUBLISHER)
    yield broken_disk(check, "it trusts nobody", {LOADER: untrusting}, "carries no authority")
    yield broken_disk(check, "no GRUB", {GRUB: None}, "shim finds no GRUB below /boot/efi")
    yield broken_disk(check, "GRUB is not signed", {GRUB: program()}, f"{GRUB} is not signed")
    strange = sign(program(), STRANGER)
    untrusted = "is signed by Somebody, whom its shim does not trust"
    yield broken_disk(check, "a strange GRUB", {GRUB: strange}, f"{GRUB} {untrusted}")
    vendors = {"/boot/efi/EFI/vendor/grub.efi": program()}
    yield broken_disk(check, "another GRUB", vendors, "/boot/efi/EFI/vendor/grub.efi is not signed")
    yield broken_disk(check, "no kernel", {KERNEL: None}, "no kernel is installed")
    yield broken_disk(
        check, "the kernel is not signed", {KERNEL: program()}, f"{KERNEL} is not signed"
    )
    yield broken_disk(check, "a strange kernel", {KERNEL: strange}, f"{KERNEL} {untrusted}")


def guests() -> Iterator[Case]:
    probe = secure_boot.secure_boot_is_enforced
    yield right_guest(probe, FakeGuest({"efivars": "   1\n   0\n"}), "is on")
    yield wrong_guest(
        probe, FakeGuest({"efivars": "   0\n   1\n"}), "SecureBoot and SetupMode are 0 and 1"
    )
    yield wrong_guest(probe, FakeGuest({"efivars": "none\nnone\n"}), "none and none")
    probe = secure_boot.kernel_is_locked_down
    yield right_guest(
        probe, FakeGuest({"lockdown": "none [integrity] confidentiality\n"}), "signed modules only"
    )
    yield wrong_guest(
        probe, FakeGuest({"lockdown": "[none] integrity confidentiality\n"}), "not locked down"
    )


@pytest.fixture(autouse=True)
def authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    for digest, name in MICROSOFT.items():
        monkeypatch.setitem(secureboot.MICROSOFT, digest, name)


@pytest.mark.program("sbsign")
@pytest.mark.parametrize("case", [*disks()], ids=str)
def test_an_inspection_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()


@pytest.mark.parametrize("case", [*guests()], ids=str)
def test_a_probe_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()
