"""The EFI system partition, where the firmware finds programs to start.

It is FAT: letters are the same in either case.
"""

from collections.abc import Iterator

from builder.feature import CheckFailed, Filesystem

MOUNT_POINTS = ("/boot/efi", "/efi", "/boot")
"""Where distributions mount it: most, Arch's own documentation, and systemd-boot's."""

# UEFI 2.10, 3.5.1.1: the path that is started where the firmware has no boot variables, as it
# has none on a guest's first boot.
_REMOVABLE = {
    "x86_64": "BOOTX64.EFI",
    "aarch64": "BOOTAA64.EFI",
    "i686": "BOOTIA32.EFI",
    "armv7l": "BOOTARM.EFI",
    "riscv64": "BOOTRISCV64.EFI",
    "loongarch64": "BOOTLOONGARCH64.EFI",
}

_GRUB = ("GRUBX64.EFI", "GRUBAA64.EFI", "GRUB.EFI")
"""What shim starts next, in Debian, the RHEL family and SUSE."""


def mount_point(disk: Filesystem) -> str:
    """Where the disk has it: the first place with a directory ``EFI``, else the usual one.

    In ``/boot`` that is written in capitals, as the directory ``efi`` there is a mount point.
    """
    found = (path for path in MOUNT_POINTS if _has_programs(disk, path))
    return next(found, MOUNT_POINTS[0])


def _has_programs(disk: Filesystem, path: str) -> bool:
    names = disk.list(path)
    return "EFI" in names if path == "/boot" else "EFI" in (name.upper() for name in names)


def removable_loader(disk: Filesystem, architecture: str) -> str:
    """The path of what the firmware starts by itself. Raises ``CheckFailed``."""
    name = _REMOVABLE.get(architecture)
    if name is None:
        raise CheckFailed(f"UEFI has no known name of a boot loader for {architecture}")
    path = place = mount_point(disk)
    for part in ("EFI", "BOOT", name):
        found = _entry(disk, path, part)
        if found is None:
            raise CheckFailed(
                f"UEFI finds no boot loader: {place}/EFI/BOOT/{name} does not exist; install it "
                "there, too: 'grub-install --removable'"
            )
        path = found
    return path


def grubs(disk: Filesystem) -> tuple[str, ...]:
    """The paths of every GRUB that a shim could start: each vendor has a directory."""
    efi = _entry(disk, mount_point(disk), "EFI")
    return tuple(_grubs(disk, efi)) if efi else ()


def _grubs(disk: Filesystem, efi: str) -> Iterator[str]:
    for vendor in disk.list(efi):
        for name in _GRUB:
            found = _entry(disk, f"{efi}/{vendor}", name)
            if found is not None:
                yield found


def _entry(disk: Filesystem, directory: str, name: str) -> str | None:
    found = next((entry for entry in disk.list(directory) if entry.upper() == name), None)
    return found and f"{directory}/{found}"
