"""What UEFI starts on a disk, signed by authorities of the tests' own, and how it can be broken."""

import hashlib
from collections.abc import Iterator, Mapping

from signed import identity, program, shim, sign

RELEASE = "6.1.0-56-amd64"
LOADER = "/boot/efi/EFI/BOOT/BOOTX64.EFI"
GRUB = "/boot/efi/EFI/BOOT/grubx64.efi"
KERNEL = f"/boot/vmlinuz-{RELEASE}"
BUILTIN = f"/usr/lib/modules/{RELEASE}/modules.builtin"

_third_party = identity("UEFI CA of the tests")
_publisher = identity("Publisher", _third_party, expired=True)
_vendor = identity("Vendor CA")
_signer = identity("Vendor Signer", _vendor)
_other = identity("Somebody", identity("Somebody's CA"))

MICROSOFT = {hashlib.sha256(_third_party.der).hexdigest(): "UEFI CA of the tests"}
"""Stands for Microsoft's authorities."""

_SHIM = sign(shim(_vendor.der), _publisher)
_SIGNED = sign(program(), _signer)

GOOD: Mapping[str, bytes | str] = {
    LOADER: _SHIM,
    GRUB: _SIGNED,
    KERNEL: _SIGNED,
    BUILTIN: "kernel/virtio.ko\nkernel/virtio_rng.ko\nkernel/tpm_tis.ko\n",
}


def broken() -> Iterator[tuple[str, str, Mapping[str, bytes | str | None], str]]:
    check = "uefi/loader-is-at-removable-path"
    yield check, "no loader", {LOADER: None}, "UEFI finds no boot loader"
    check = "secure-boot/loader-is-signed"
    yield check, "no loader", {LOADER: None}, "UEFI finds no boot loader"
    yield check, "no program", {LOADER: b"text"}, f"{LOADER} is no program for UEFI"
    yield check, "not signed", {LOADER: program()}, f"{LOADER} is not signed"
    yield check, "signed by others", {LOADER: _SIGNED}, "but by Vendor Signer"
    # The code and what fills its section up: the signature covers it, but not the file's checksum.
    changed = _SHIM.replace(b"\xc3" + bytes(15), b"\xcc" + bytes(15), 1)
    yield check, "changed", {LOADER: changed}, f"{LOADER} has been changed since it was signed"
    check = "secure-boot/what-follows-is-signed"
    yield check, "no shim", {LOADER: _SIGNED}, f"{LOADER} is no shim"
    untrusting = sign(shim(b""), _publisher)
    yield check, "it trusts nobody", {LOADER: untrusting}, "carries no authority"
    yield check, "no GRUB", {GRUB: None}, "shim finds no GRUB below /boot/efi"
    yield check, "GRUB is not signed", {GRUB: program()}, f"{GRUB} is not signed"
    strange = sign(program(), _other)
    untrusted = "is signed by Somebody, whom its shim does not trust"
    yield check, "a strange GRUB", {GRUB: strange}, f"{GRUB} {untrusted}"
    vendors = {"/boot/efi/EFI/vendor/grub.efi": program()}
    yield check, "another GRUB", vendors, "/boot/efi/EFI/vendor/grub.efi is not signed"
    yield check, "no kernel", {KERNEL: None}, "no kernel is installed"
    yield check, "the kernel is not signed", {KERNEL: program()}, f"{KERNEL} is not signed"
    yield check, "a strange kernel", {KERNEL: strange}, f"{KERNEL} {untrusted}"
    for check, driver in {
        "rng/kernels-have-virtio-rng": "virtio_rng",
        "tpm/kernels-have-tpm-driver": "tpm_tis",
    }.items():
        lacking = {BUILTIN: str(GOOD[BUILTIN]).replace(driver, "other")}
        yield check, "no driver", lacking, f"kernel {RELEASE} has no {driver}: it is built without"
