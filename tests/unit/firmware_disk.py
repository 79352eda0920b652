"""What UEFI starts on the good disk, signed by authorities of the tests' own."""

import hashlib
from collections.abc import Mapping

from signed import identity, program, shim, sign

RELEASE = "6.1.0-56-amd64"
LOADER = "/boot/efi/EFI/BOOT/BOOTX64.EFI"
GRUB = "/boot/efi/EFI/BOOT/grubx64.efi"
KERNEL = f"/boot/vmlinuz-{RELEASE}"
BUILTIN = f"/usr/lib/modules/{RELEASE}/modules.builtin"

_third_party = identity("UEFI CA of the tests")
_vendor = identity("Vendor CA")
_signer = identity("Vendor Signer", _vendor)
PUBLISHER = identity("Publisher", _third_party, expired=True)
STRANGER = identity("Somebody", identity("Somebody's CA"))

MICROSOFT = {hashlib.sha256(_third_party.der).hexdigest(): "UEFI CA of the tests"}
"""Stands for Microsoft's authorities."""

SHIM = sign(shim(_vendor.der), PUBLISHER)
SIGNED = sign(program(), _signer)

GOOD: Mapping[str, bytes | str] = {
    LOADER: SHIM,
    GRUB: SIGNED,
    KERNEL: SIGNED,
    BUILTIN: "kernel/virtio.ko\nkernel/virtio_rng.ko\nkernel/tpm_tis.ko\nkernel/tpm_crb.ko\n",
}


def mounted_at(place: str) -> Mapping[str, bytes | str | None]:
    """The good disk's loaders where another ESP is mounted."""
    return {
        LOADER: None,
        GRUB: None,
        "/boot/efi/keep": b"",
        f"{place}/EFI/BOOT/BOOTX64.EFI": SHIM,
        f"{place}/EFI/BOOT/grubx64.efi": SIGNED,
    }


def without_driver(driver: str) -> Mapping[str, str]:
    """What is built into the good disk's kernel, but for one driver."""
    return {BUILTIN: str(GOOD[BUILTIN]).replace(driver, "other")}
