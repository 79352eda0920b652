"""Whether the root file system can grow into a larger disk at boot.

Sources: cloud-init's ``cc_growpart`` and ``cc_resizefs``, growpart(1), systemd-repart(8), and the
initramfs script of ``cloud-initramfs-growroot``.
"""

from collections.abc import Iterator, Sequence

from builder.feature import CheckFailed, Filesystem, Volume
from builder.linux import cloudconfig, systemd, unitfile
from builder.linux.cloudconfig import Document, last, scalar
from builder.linux.files import search_path
from builder.linux.fstab import mounts

SWITCH = "/etc/growroot-disabled"

_PATH = ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin")
"""Where cloud-init's units find programs; the first is where most distributions have these."""

_EDITORS = ("sfdisk", "sgdisk")
_RESIZERS = {
    **dict.fromkeys(("ext2", "ext3", "ext4"), "resize2fs"),
    "xfs": "xfs_growfs",
    "btrfs": "btrfs",
}
_IN_INITRD = (
    "/usr/share/initramfs-tools/scripts/local-bottom/growroot",
    "/usr/lib/dracut/modules.d/??growroot/module-setup.sh",
)
_REPART = "systemd-repart.service"
_REPART_DIRECTORIES = (
    "/etc/repart.d",
    "/run/repart.d",
    "/usr/local/lib/repart.d",
    "/usr/lib/repart.d",
)

_RESIZING = frozenset({"true", "1", "on", "yes", "noblock"})
"""What cloud-init takes for a yes, in any case; every other text is a no to it."""

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
    script = next((path for pattern in _IN_INITRD for path in disk.glob(pattern)), None)
    if script is not None and not disk.exists(SWITCH):
        return script
    files = search_path(disk, _REPART_DIRECTORIES, ".conf")
    if any(_grows_root(disk, path) for path in files) and systemd.unit(disk, _REPART).started_by:
        return _REPART
    return None


def _grows_root(disk: Filesystem, path: str) -> bool:
    """Whether a file of repart.d(5) is of the root, and sets it no limit."""
    found = {setting.name: setting.value for setting in unitfile.parsed(disk, path)}
    return found.get("Type", "").startswith("root") and not found.get("SizeMaxBytes")


def _installed(disk: Filesystem, program: str) -> bool:
    return any(disk.exists(f"{directory}/{program}") for directory in _PATH)


def _growpart(disk: Filesystem, found: Sequence[Document]) -> Iterator[str]:
    if not _installed(disk, "growpart"):
        yield "/usr/bin/growpart does not exist: install growpart (cloud-guest-utils)"
    elif not any(_installed(disk, editor) for editor in _EDITORS):
        yield f"{_PATH[0]}/{_EDITORS[0]} does not exist, which growpart needs: install it (fdisk)"
    if disk.exists(SWITCH) and not _value(found, "growpart", "ignore_growroot_disabled"):
        yield f"{SWITCH} switches growpart off; remove it"
    whole = last(found, "growpart")
    if whole is not None and not isinstance(whole.get("growpart"), dict):
        yield f"{whole.place('growpart')}: has growpart passed over, which is no mapping; remove it"
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
    if resize is not None and scalar(resize.get("resize_rootfs")).strip().lower() not in _RESIZING:
        yield f"{resize.place('resize_rootfs')}: keeps the root's size; remove the line"
    program = _RESIZERS.get(root.type) if root is not None else None
    if program is not None and not _installed(disk, program):
        path = f"{_PATH[0]}/{program}"
        yield f"{path} does not exist: nothing can grow the root's file system; install it"
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
