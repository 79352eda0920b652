"""What will make the initrd of the next kernel, and for which machines.

Sources: initramfs-tools(7), initramfs.conf(5), dracut.conf(5), mkinitcpio.conf(5); the packages'
hooks for new kernels in Debian, Red Hat, SUSE and Arch.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from builder.feature import CheckFailed, Filesystem
from builder.linux.files import search_path, significant_lines, text
from builder.words import enumeration

DRIVERS = frozenset({"virtio_blk", "virtio_net", "virtio_pci", "virtio_scsi"})
"""What a guest of Nova needs to find its disk, and may need to find its network."""


@dataclass(frozen=True)
class Maker:
    """A program that makes initrds, and what runs it when a kernel is installed."""

    name: str
    programs: tuple[str, ...]
    hooks: tuple[str, ...]


INITRAMFS_TOOLS = Maker(
    "initramfs-tools",
    ("/usr/sbin/update-initramfs",),
    ("/etc/kernel/postinst.d/initramfs-tools",),
)
DRACUT = Maker(
    "dracut",
    ("/usr/bin/dracut", "/usr/sbin/dracut", "/sbin/dracut"),
    (
        "/etc/kernel/postinst.d/dracut",
        "/usr/lib/kernel/install.d/50-dracut.install",
        "/usr/lib/module-init-tools/regenerate-initrd-posttrans",
    ),
)
MKINITCPIO = Maker(
    "mkinitcpio",
    ("/usr/bin/mkinitcpio",),
    ("/usr/share/libalpm/hooks/90-mkinitcpio-install.hook",),
)
MAKERS = (INITRAMFS_TOOLS, DRACUT, MKINITCPIO)

_ARRAY = re.compile(r"(HOOKS|MODULES)=\(?[\"']?([^)\"'#]*)")
_MODULES = re.compile(r"MODULES=[\"']?(\w+)")
_HOSTONLY = re.compile(r"hostonly=[\"']?(\w+)")
_ADDED = re.compile(r"(?:add_drivers|force_drivers)\+?=[\"']?([^\"'#]*)")


def require_renewal(disk: Filesystem) -> str:
    """Say what will make the initrds of new kernels. Raises ``CheckFailed``.

    Every machine that Nova gives must find its disk by them, not only the one they are made on.
    """
    present = [maker for maker in MAKERS if _first(disk, maker.programs)]
    if len(present) != 1:
        found = " and ".join(maker.name for maker in present) or "none"
        wanted = enumeration(maker.name for maker in MAKERS)
        raise CheckFailed(f"{wanted} must make the initrds, one of them; installed: {found}")
    (maker,) = present
    hook = _first(disk, maker.hooks)
    if hook is None:
        raise CheckFailed(
            f"{maker.name} is installed, but nothing runs it for a new kernel: there is no "
            + " and no ".join(maker.hooks)
            + "; install its package again"
        )
    narrow, listed = _NARROWING[maker](disk)
    missing = sorted(DRIVERS - listed)
    if narrow and missing:
        raise CheckFailed(
            f"{maker.name} makes initrds for the machine at hand only ({narrow}), "
            f"and is not told to add {', '.join(missing)}; have it make them for any machine, or "
            "add these"
        )
    how = "with the drivers that it is told to add" if narrow else "for any machine"
    return f"{maker.name} makes the initrd of a new kernel {how}, run by {hook}"


def _first(disk: Filesystem, paths: Iterable[str]) -> str | None:
    return next(filter(disk.exists, paths), None)


def _initramfs_tools(disk: Filesystem) -> tuple[str | None, frozenset[str]]:
    """What narrows its initrds, if anything does, and the modules it is told to add."""
    chosen = ("most", "")
    directory = "/etc/initramfs-tools"
    for path in (f"{directory}/initramfs.conf", *disk.glob(f"{directory}/conf.d/*")):
        for _, line in significant_lines(text(disk, path)):
            if match := _MODULES.match(line):
                chosen = (match[1], path)
    kind, path = chosen
    lines = significant_lines(text(disk, f"{directory}/modules"))
    listed = frozenset(line.split()[0].replace("-", "_") for _, line in lines)
    return (f"{path} has MODULES={kind}" if kind in {"dep", "list"} else None), listed


def _dracut(disk: Filesystem) -> tuple[str | None, frozenset[str]]:
    """The same of dracut, which reads its own file first and those of its directories by name."""
    narrow: str | None = None
    listed: set[str] = set()
    directories = ("/etc/dracut.conf.d", "/usr/lib/dracut/dracut.conf.d")
    for path in ("/etc/dracut.conf", *search_path(disk, directories, ".conf")):
        for _, line in significant_lines(text(disk, path)):
            if match := _HOSTONLY.match(line):
                narrow = f"{path} has hostonly={match[1]}" if match[1] == "yes" else None
            elif match := _ADDED.match(line):
                listed |= {name.replace("-", "_") for name in match[1].split()}
    return narrow, frozenset(listed)


def _mkinitcpio(disk: Filesystem) -> tuple[str | None, frozenset[str]]:
    """The same of mkinitcpio; a file of its directory replaces what the first one says."""
    narrow: str | None = None
    listed: frozenset[str] = frozenset()
    for path in ("/etc/mkinitcpio.conf", *disk.glob("/etc/mkinitcpio.conf.d/*.conf")):
        for _, line in significant_lines(text(disk, path)):
            match = _ARRAY.match(line)
            if match and match[1] == "HOOKS":
                narrow = f"{path} has autodetect in HOOKS" if "autodetect" in match[2] else None
            elif match:
                listed = frozenset(name.replace("-", "_") for name in match[2].split())
    return narrow, listed


_NARROWING: Mapping[Maker, Callable[[Filesystem], tuple[str | None, frozenset[str]]]] = {
    INITRAMFS_TOOLS: _initramfs_tools,
    DRACUT: _dracut,
    MKINITCPIO: _mkinitcpio,
}
