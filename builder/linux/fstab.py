"""What is mounted at boot, and where the disk names its devices by an order that may change.

``/dev/vda`` becomes ``/dev/sda`` on another controller, and ``/dev/sdb`` when a volume is found
first. An image may name a device by its label or its UUID only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from builder.feature import Filesystem
from builder.linux import unitfile
from builder.linux.files import search_path, significant_lines, text

_NAME = r"(?:(?:sd|vd|hd|xvd)[a-z]+\d*|nvme\d+n\d+(?:p\d+)?|mmcblk\d+(?:p\d+)?)"
# A path, or the unit that systemd has of it.
KERNEL_NAME = re.compile(rf"/dev/{_NAME}(?![\w/-])|(?<![\w-])dev-{_NAME}\.(?:device|swap)")

DEVICE_MAPS = ("/boot/grub/device.map", "/boot/grub2/device.map")

_PLACES = (
    *DEVICE_MAPS,
    "/etc/crypttab.initramfs",
    "/etc/uswsusp.conf",
    "/etc/suspend.conf",
    "/etc/fstab",
    "/etc/crypttab",
    "/boot/grub/grub.cfg",
    "/boot/grub2/grub.cfg",
    "/boot/grub/menu.lst",
    "/boot/loader/entries/*.conf",
    "/boot/efi/EFI/*/grub.cfg",
    "/boot/efi/loader/entries/*.conf",
    "/efi/EFI/*/grub.cfg",
    "/efi/loader/entries/*.conf",
    "/etc/default/grub",
    "/etc/default/grub.d/*.cfg",
    "/etc/kernel/cmdline",
    "/etc/cmdline.d/*.conf",
    "/etc/dracut.conf.d/*.conf",
    "/etc/initramfs-tools/initramfs.conf",
    "/etc/initramfs-tools/conf.d/*",
    "/boot/grub/custom.cfg",
    "/boot/grub2/custom.cfg",
    "/boot/grub/grubenv",
    "/boot/grub2/grubenv",
    "/etc/systemd/system/*.service",
    "/etc/systemd/system/*.d/*.conf",
)


@dataclass(frozen=True)
class Mount:
    """One line of fstab(5), with its escapes resolved."""

    line: int
    spec: str
    mount_point: str
    type: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """A line that names a device by its kernel name."""

    path: str
    line: int
    device: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: names {self.device}: {self.text}"


def parse_fstab(content: str) -> tuple[Mount, ...]:
    """Read fstab(5). Lines with fewer than three fields are no entries, as for mount(8)."""
    mounts = []
    for number, line in significant_lines(content):
        match [_unescape(word) for word in line.split()]:
            case [spec, mount_point, kind, options, *_]:
                mounts.append(Mount(number, spec, mount_point, kind, tuple(options.split(","))))
            case [spec, mount_point, kind]:
                mounts.append(Mount(number, spec, mount_point, kind, ("defaults",)))
    return tuple(mounts)


def mounts(disk: Filesystem) -> tuple[Mount, ...]:
    """Read what the disk's ``/etc/fstab`` mounts; nothing where there is none."""
    return parse_fstab(text(disk, "/etc/fstab"))


def kernel_device_names(disk: Filesystem) -> tuple[Finding, ...]:
    """Find every kernel device name in fstab, crypttab and the boot loader's configuration."""
    paths = [path for pattern in _PLACES for path in disk.glob(pattern)]
    for unit in unit_files(disk):
        paths += [setting.path for setting in unitfile.settings(disk, unit)]
    return tuple(
        finding
        for path in dict.fromkeys(paths)
        if disk.readlink(path) is None  # what a link leads to stands in a place of its own
        for finding in _findings(path, text(disk, path))
    )


def unit_files(disk: Filesystem) -> tuple[str, ...]:
    """The names of the units that mount file systems and use swap spaces."""
    return tuple(
        path.rpartition("/")[2]
        for suffix in (".mount", ".swap")
        for path in search_path(disk, unitfile.DIRECTORIES, suffix)
    )


def _findings(path: str, content: str) -> Iterator[Finding]:
    for number, line in significant_lines(content):
        for match in KERNEL_NAME.finditer(line):
            yield Finding(path, number, match[0], line)


def _unescape(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)
