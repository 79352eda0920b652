"""Which file systems of a disk are mounted where: as its guest would have them.

Sources: fstab(5), btrfs-subvolume(8) for the default subvolume, systemd-gpt-auto-generator(8) for
an ESP that no fstab names.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from builder.errors import ImageError
from builder.linux import esp, fstab
from builder.linux.fstab import Mount

_FILE_SYSTEMS = ("ext2", "ext3", "ext4", "xfs", "btrfs")
_FSTAB = "/etc/fstab"
_FSTAB_LIMIT = 1 << 20  # bytes: one message of libguestfs
_ESP_TYPE = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"  # UEFI 2.10, table 5.7

# Any: libguestfs' handle has no types.


def mount(handle: Any, image: Path) -> None:
    """Mount the disk of the image, read-only.

    Raises ``ImageError`` where not just one operating system is on it, and libguestfs'
    ``RuntimeError``.
    """
    if not _mount_by_fstab(handle):
        _mount_by_inspection(handle, image)
    _mount_unlisted_esp(handle)


def _mount_by_fstab(handle: Any) -> bool:
    """Mount an ordinary disk: partitions, found by label or UUID.

    ``inspect_os`` takes ten seconds under emulation, this takes two.
    """
    devices = handle.list_partitions() or handle.list_devices()
    root = next((device for device in devices if _is_root(handle, device)), None)
    if root is None:
        return False
    handle.mount_ro(root, "/")
    find = {"LABEL": handle.findfs_label, "UUID": handle.findfs_uuid}
    for entry in sorted(_fstab(handle), key=lambda entry: entry.mount_point):
        kind, equals, value = entry.spec.partition("=")
        if entry.mount_point == "/" or not entry.mount_point.startswith("/"):
            continue
        if kind in find:
            options = ",".join(("ro", *_subvolume_options(entry)))
            with suppress(RuntimeError):  # what is missing cannot be mounted by the guest either
                handle.mount_options(options, find[kind](value.strip('"')), entry.mount_point)
        elif equals or entry.spec.startswith("/dev/"):
            handle.umount_all()
            return False
    return True


def _is_root(handle: Any, device: str) -> bool:
    """Whether a device has a system in it; of a btrfs, in the subvolume that is its default."""
    if handle.vfs_type(device) not in _FILE_SYSTEMS:
        return False
    try:
        handle.mount_ro(device, "/")
    except RuntimeError:
        return False
    try:
        # What systemd mounts by the types of its partitions needs no fstab.
        has_system = handle.is_file(_FSTAB, followsymlinks=True) or handle.is_dir("/usr/bin")
        return bool(has_system and handle.exists("/etc/os-release"))
    finally:
        handle.umount_all()


def _mount_by_inspection(handle: Any, image: Path) -> None:
    """Mount whatever libguestfs knows: LVM, btrfs subvolumes, RAID."""
    found = handle.inspect_os()
    roots = (
        found if len(found) == 1 else [root for root in found if _is_named_by_itself(handle, root)]
    )
    if len(roots) != 1:
        raise _no_single_system(image, found)
    mounts = handle.inspect_get_mountpoints(roots[0])
    for mount_point in sorted(mounts):
        try:
            handle.mount_ro(mounts[mount_point], mount_point)
        except RuntimeError:
            if mount_point == "/":
                raise


def _no_single_system(image: Path, roots: list[str]) -> ImageError:
    if not roots:
        found = "no operating system"
    elif all(root.startswith("btrfsvol:") for root in roots):
        found = f"{len(roots)} btrfs subvolumes with an operating system"
    else:
        found = f"{len(roots)} operating systems"
    return ImageError(
        f"{image} has {found} in it; an image to inspect has one.",
        details=[f"found on: {', '.join(roots)}"] if roots else [],
        hint="Check that this is the disk image of an installed system, not an installer or"
        " a volume of data. Of btrfs subvolumes the one counts that is the default, or that its"
        " own fstab mounts at '/'.",
    )


def _is_named_by_itself(handle: Any, root: str) -> bool:
    """Whether a btrfs subvolume is what its fstab mounts at ``/``: a snapshot's names another."""
    try:
        name = handle.mountable_subvolume(root)
        handle.mount_ro(root, "/")
    except RuntimeError:
        return False
    try:
        options = [
            option
            for entry in _fstab(handle)
            if entry.mount_point == "/"
            for option in _subvolume_options(entry)
        ]
    except RuntimeError:
        return False
    finally:
        handle.umount_all()
    return f"subvol={name}" in (option.replace("=/", "=", 1) for option in options)


def _subvolume_options(entry: Mount) -> tuple[str, ...]:
    return tuple(option for option in entry.options if option.startswith(("subvol=", "subvolid=")))


def _fstab(handle: Any) -> tuple[Mount, ...]:
    if not handle.is_file(_FSTAB, followsymlinks=True):
        return ()
    return fstab.parse_fstab(handle.pread(_FSTAB, _FSTAB_LIMIT, 0).decode(errors="replace"))


def _mount_unlisted_esp(handle: Any) -> None:
    """Mount the ESP of a disk whose fstab has no line for it: the firmware finds it all the same.

    So does systemd, by the partition's type.
    """
    mounted = handle.mountpoints()
    device = next(_esps(handle), None)
    if device is None or device in mounted:
        return
    for path in esp.MOUNT_POINTS:
        if handle.is_dir(path) and not handle.ls(path):
            with suppress(RuntimeError):
                handle.mount_ro(device, path)
            return


def _esps(handle: Any) -> Iterator[str]:
    for partition in handle.list_partitions():
        with suppress(RuntimeError):  # of a table that is no GPT
            device, number = handle.part_to_dev(partition), handle.part_to_partnum(partition)
            if handle.part_get_gpt_type(device, number) == _ESP_TYPE:
                yield partition
