"""Whether the root file system can grow into a larger disk at boot.

Sources: cloud-init's ``cc_growpart`` and ``cc_resizefs``, growpart(1), systemd-repart(8), and the
initramfs script of ``cloud-initramfs-growroot``.
"""

from collections.abc import Iterator, Sequence

from builder.feature import CheckFailed, Filesystem, Volume
from builder.linux import cloudconfig, systemd
from builder.linux.cloudconfig import Document, last, scalar
from builder.linux.fstab import mounts

SWITCH = "/etc/growroot-disabled"

_GROWPART = ("/usr/bin/growpart", "/usr/sbin/growpart")
_EDITORS = ("/usr/sbin/sfdisk", "/sbin/sfdisk", "/usr/sbin/sgdisk", "/sbin/sgdisk")
_RESIZERS = {
    **dict.fromkeys(("ext2", "ext3", "ext4"), ("/usr/sbin/resize2fs", "/sbin/resize2fs")),
    "xfs": ("/usr/sbin/xfs_growfs", "/sbin/xfs_growfs"),
    "btrfs": ("/usr/sbin/btrfs", "/usr/bin/btrfs", "/sbin/btrfs", "/bin/btrfs"),
}
_IN_INITRD = (
    "/usr/share/initramfs-tools/scripts/local-bottom/growroot",
    "/usr/lib/dracut/modules.d/50growroot/module-setup.sh",
)
_REPART = "systemd-repart.service"
_REPART_FILES = ("/etc/repart.d/*.conf", "/usr/lib/repart.d/*.conf")

_LOGICAL = 5
"""The first number of a logical partition: it ends where its extended one does."""


def require_growth(disk: Filesystem) -> str:
    """Say what grows the root. Raises ``CheckFailed`` for what keeps it as it is."""
    found = cloudconfig.documents(disk)
    root = next((volume for volume in disk.volumes() if volume.mount_point == "/"), None)
    complaints = [*_layout(disk, root)]
    grower = _other_grower(disk)
    if grower is None:
        complaints += _growpart(disk, found)
    complaints += _resizefs(disk, found, root)
    if complaints:
        raise CheckFailed("; ".join(complaints))
    where = f"{root.device} is the last of its disk" if root and root.start else "there is room"
    return f"{grower or 'growpart'} grows the root at boot, and {where}"


def _layout(disk: Filesystem, root: Volume | None) -> Iterator[str]:
    if root is None:
        return
    if not root.part_scheme and root.type and _holds_volumes(disk):
        yield (
            f"the root ({root.device}) is not a partition, and cloud-init grows nothing else; "
            "put it on a partition of its own"
        )
    elif root.part_scheme == "dos" and root.part_number >= _LOGICAL:
        yield f"the root ({root.device}) is a logical partition; make it a primary one"
    if root.part_scheme:
        behind = [
            volume for volume in disk.volumes() if volume.part_scheme and volume.start > root.start
        ]
        for volume in behind:
            kind = f" ({volume.type})" if volume.type else ""
            yield (
                f"{volume.device}{kind} lies behind the root ({root.device}), which cannot grow "
                "past it; make the root the last partition"
            )


def _holds_volumes(disk: Filesystem) -> bool:
    return any(volume.type in {"LVM2_member", "crypto_LUKS"} for volume in disk.volumes())


def _other_grower(disk: Filesystem) -> str | None:
    """What grows the root's partition without cloud-init."""
    script = next(filter(disk.exists, _IN_INITRD), None)
    if script is not None:
        return script
    files = [path for pattern in _REPART_FILES for path in disk.glob(pattern)]
    if files and systemd.unit(disk, _REPART).started_by:
        return _REPART
    return None


def _growpart(disk: Filesystem, found: Sequence[Document]) -> Iterator[str]:
    if not any(map(disk.exists, _GROWPART)):
        yield f"{_GROWPART[0]} does not exist: install growpart (cloud-guest-utils)"
    elif not any(map(disk.exists, _EDITORS)):
        yield f"{_EDITORS[0]} does not exist, which growpart needs: install it (fdisk)"
    if disk.exists(SWITCH) and not _value(found, "growpart", "ignore_growroot_disabled"):
        yield f"{SWITCH} switches growpart off; remove it"
    mode = last(found, "growpart", "mode")
    if mode is not None and mode.get("growpart", "mode") not in ("auto", "growpart"):
        # YAML takes a bare 'off' for False.
        shown = scalar(mode.get("growpart", "mode") or "off")
        yield f"{mode.place('growpart', 'mode')}: has growpart's mode {shown}; make it auto"
    devices = last(found, "growpart", "devices")
    if devices is not None and devices.get("growpart", "devices") not in (["/"], "/"):
        listed = devices.get("growpart", "devices")
        if not isinstance(listed, list) or "/" not in listed:
            place = devices.place("growpart", "devices")
            yield f"{place}: does not name / among the devices to grow; add it"
    yield from _without(found, "growpart")


def _resizefs(disk: Filesystem, found: Sequence[Document], root: Volume | None) -> Iterator[str]:
    if "x-systemd.growfs" in _root_options(disk):
        return
    resize = last(found, "resize_rootfs")
    if resize is not None and resize.get("resize_rootfs") in (False, "false", "no", "off", "0", 0):
        yield f"{resize.place('resize_rootfs')}: keeps the root's size; remove the line"
    programs = _RESIZERS.get(root.type, ()) if root is not None else ()
    if programs and not any(map(disk.exists, programs)):
        yield f"{programs[0]} does not exist: nothing can grow the root's file system; install it"
    yield from _without(found, "resizefs")


def _root_options(disk: Filesystem) -> tuple[str, ...]:
    return next((mount.options for mount in mounts(disk) if mount.mount_point == "/"), ())


def _without(found: Sequence[Document], module: str) -> Iterator[str]:
    lists = list(cloudconfig.modules(found))
    if lists and not any(module in names for *_, names in lists):
        stage, document, _ = lists[0]
        yield f"{document.place(stage)}: leaves the module {module} out; add it"


def _value(found: Sequence[Document], *keys: str) -> object:
    document = last(found, *keys)
    return document.get(*keys) if document is not None else None
