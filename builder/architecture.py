"""The architectures an image can be made for, as a table: what each is called, and boots with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Name = Literal["x86_64", "aarch64"]
"""As Glance's property ``architecture`` and ``uname -m`` have it."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """One architecture of guests, and of the host that runs their programs as its own."""

    name: Name
    debian: str
    """What dpkg and diskimage-builder call it."""
    elf_machine: int
    """The number in the head of its programs: ``e_machine`` of elf(5)."""
    has_bios: bool
    """Whether a guest may be started by BIOS, or by UEFI alone."""
    root_partition: str
    """The type of a root's partition: systemd's Discoverable Partitions Specification."""
    console: str
    """Linux's name of the first serial port."""
    boot_packages: tuple[str, ...]
    """Debian's packages of its kernel and its boot loader."""
    qemu: str
    """The program that is a guest's machine."""
    qemu_package: str
    uefi_machine: str
    """QEMU's machine type for UEFI; Nova's property ``hw_machine_type`` takes the same word."""
    firmware_package: str
    """Debian's package of UEFI for that machine."""
    emulated_processor: str
    """The processor where a guest of it is emulated, as ``-cpu`` takes it."""


X86_64 = Architecture(
    name="x86_64",
    debian="amd64",
    elf_machine=62,
    has_bios=True,
    root_partition="4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709",
    console="ttyS0",
    boot_packages=(
        "grub-cloud-amd64", "grub-efi-amd64-bin", "grub-efi-amd64-signed", "grub-pc-bin",
        "linux-image-amd64",
    ),
    qemu="qemu-system-x86_64",
    qemu_package="qemu-system-x86",
    uefi_machine="q35",
    firmware_package="ovmf",
    # x86-64-v2, which every distribution here runs on, with SVM for guests of the guest. Everything
    # that QEMU can emulate ("max") costs a Debian guest a fifth more time until it is up: its
    # kernel then loads and tests drivers for instructions that are slow when they are emulated.
    emulated_processor="qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+svm,+npt",
)  # fmt: skip

AARCH64 = Architecture(
    name="aarch64",
    debian="arm64",
    elf_machine=183,
    has_bios=False,
    root_partition="B921B045-1DF0-41C3-AF44-4C6F280D3FAE",
    console="ttyAMA0",
    boot_packages=(
        "grub-efi-arm64", "grub-efi-arm64-bin", "grub-efi-arm64-signed", "linux-image-arm64",
    ),
    qemu="qemu-system-aarch64",
    qemu_package="qemu-system-arm",
    uefi_machine="virt",
    firmware_package="qemu-efi-aarch64",
    # Nova's own choice on a host of another architecture (``_get_guest_cpu_config``).
    emulated_processor="cortex-a57",
)  # fmt: skip

ARCHITECTURES: Mapping[str, Architecture] = {each.name: each for each in (X86_64, AARCH64)}
"""Those that images are built for, by name; an image that was built elsewhere may be for others."""
