"""Which devices a disk waits for at boot, and which of them it has.

Sources: fstab(5), systemd.mount(5), systemd.swap(5), crypttab(5), GRUB's ``search`` and device.map,
initramfs.conf (``RESUME``), uswsusp.conf(5), md(4), and the kernel's arguments ``root=`` and
``resume=``, with those of dracut.cmdline(7) (and its modules, which wait for each), and of
systemd-fstab-generator(8) and systemd-cryptsetup-generator(8).
"""

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from builder.feature import Filesystem, Volume
from builder.linux import unitfile
from builder.linux.bootentries import CONFIGURATIONS, NEXT_KERNELS, Entry, entries
from builder.linux.device_names import OF_ONE_MACHINE, named
from builder.linux.files import significant_lines, text
from builder.linux.fstab import DEVICE_MAPS, mounts, unit_files

_FOREVER = "the boot waits for it 90 s, and ends in emergency mode"
_INITRD_WAITS = "the initrd waits for it until it times out"
_NO_ROOT = "the initrd finds no root"
_NO_GRUB = "GRUB finds neither its files nor a kernel"
_NO_DRIVE = "GRUB finds no drive when it is installed anew"

# The system's own: without these it is not whole, whatever the options say.
_OWN = frozenset({"/", "/boot", "/boot/efi", "/efi", "/usr", "/var"})
_OPTIONAL = frozenset({"nofail", "noauto", "x-systemd.automount"})
_COMPARABLE = {  # of fstab's types: what blkid says of what they can mount
    **dict.fromkeys(("ext4",), ("ext2", "ext3", "ext4")),
    **{name: (name,) for name in ("xfs", "btrfs", "vfat", "swap")},
}
_MADE_AT_BOOT = ("/dev/", "/proc", "/sys", "/run", "/tmp")  # noqa: S108 - looked for, not written

_ARGUMENTS = {  # of the kernel: what follows
    "root": _NO_ROOT,
    "mount.usr": _NO_ROOT,
    "resume": _INITRD_WAITS,
    "rd.luks.uuid": _INITRD_WAITS,
    "rd.luks.name": _INITRD_WAITS,
    "rd.luks.partuuid": _INITRD_WAITS,
    "rd_LUKS_UUID": _INITRD_WAITS,
    "luks.uuid": _FOREVER,
    "luks.name": _FOREVER,
    "rd.lvm.lv": _INITRD_WAITS,
    "rd_LVM_LV": _INITRD_WAITS,
    "rd.lvm.vg": _INITRD_WAITS,
    "rd_LVM_VG": _INITRD_WAITS,
    "rd.md.uuid": _INITRD_WAITS,
    "rd_MD_UUID": _INITRD_WAITS,
    "systemd.mount-extra": _FOREVER,
    "systemd.swap-extra": _FOREVER,
}
_CRYPTTABS = ("/etc/crypttab", "/etc/crypttab.initramfs")
_LAST_COUNTS = ("root", "mount.usr", "resume")
_NO_RESUME = "noresume"
_ARGUMENT = re.compile(rf"(?<![\w.-])({'|'.join(map(re.escape, _ARGUMENTS))})=([^\s\"']+)")
_GRUB_DEVICE = re.compile(r"GRUB_DEVICE=[\"']?([^\s\"']+)")
_RESUME = re.compile(r"RESUME=[\"']?([^\s\"']*)")
_SUSPENSION = ("/etc/uswsusp.conf", "/etc/suspend.conf")
_RESUME_DEVICE = re.compile(r"resume device\s*=\s*(\S+)")
_DRIVE = re.compile(r"\([hf]d\d+\)\s+(\S+)")
_SEARCH = re.compile(r"(?:^|\bthen\s|;)\s*search(?:\.fs_(uuid|label))?\s+([^;]+)")


REMEDY = (
    "name what is on the disk, by its LABEL or UUID; remove the line, or give it the option nofail,"
    " where it is about a volume that only some guests have"
)


@dataclass(frozen=True)
class Reference:
    """A line that names a device, and what follows where there is none."""

    place: str
    spec: str
    consequence: str
    mount_point: str = ""
    type: str = ""


def missing(disk: Filesystem) -> Iterator[str]:
    """Yield each line that names a device that this disk has not, or two of, or another one."""
    volumes = disk.volumes()
    unlocked = _named_by_crypttab(disk)
    for reference in _references(disk):
        found = named(reference.spec, volumes, unlocked)
        if found is None:
            continue
        complaint = _complaint(reference, found)
        if complaint:
            yield f"{reference.place}: names {reference.spec}, {complaint}"
    yield from _missing_files(disk)


def _complaint(reference: Reference, found: Sequence[Volume]) -> str:
    if OF_ONE_MACHINE.match(reference.spec):
        return f"which is a name of one machine only: {reference.consequence}"
    if not found:
        return f"which this disk has not: {reference.consequence}"
    if len(found) > 1:
        names = " and ".join(volume.device for volume in found)
        return f"which {names} have both: the boot finds either"
    (volume,) = found
    root = reference.mount_point == "/"
    if root and volume.mount_point != "/":
        return f"which is not the root but {volume.type or 'nothing known'}: {_NO_ROOT}"
    mountable = _COMPARABLE.get(reference.type)
    if mountable and not root and volume.type not in mountable:
        return f"as {reference.type}, which is {volume.type or 'empty'}: {reference.consequence}"
    return ""


def _references(disk: Filesystem) -> Iterator[Reference]:
    for mount in mounts(disk):
        if mount.mount_point in _OWN or not _OPTIONAL & set(mount.options):
            place = f"/etc/fstab:{mount.line}"
            yield Reference(place, mount.spec, _FOREVER, mount.mount_point, mount.type)
    yield from _units(disk)
    yield from _encrypted(disk)
    found = entries(disk)
    for entry in found:
        yield from _of_entry(entry)
    yield from _next_kernels(disk)
    if not found or not all(_NO_RESUME in entry.arguments for entry in found):
        yield from _resume(disk)
    yield from _searches(disk)
    yield from _drives(disk)


def _of_entry(entry: Entry) -> Iterator[Reference]:
    for argument in entry.arguments:
        name, _, value = argument.partition("=")
        overridden = name in _LAST_COUNTS and value != entry.value(name)
        switch = ".".join(name.split(".")[:2])  # dracut.cmdline(7): rd.lvm=0, rd.luks=0, rd.md=0
        off = _NO_RESUME if name == "resume" else f"{switch}=0"
        if name in _ARGUMENTS and not overridden and off not in entry.arguments:
            yield _argument(entry.place, name, value)


def _argument(place: str, name: str, value: str) -> Reference:
    match name:
        case "rd.luks.uuid" | "rd.luks.name" | "rd_LUKS_UUID" | "luks.uuid" | "luks.name":
            spec = f"UUID={value.partition('=')[0].removeprefix('luks-')}"
        case "rd.luks.partuuid":
            spec = f"PARTUUID={value.removeprefix('keysource:').removeprefix('luks-')}"
        case "rd.lvm.lv" | "rd_LVM_LV":
            spec = f"/dev/{value}"
        case "rd.lvm.vg" | "rd_LVM_VG":
            spec = f"/dev/{value}/"
        case "rd.md.uuid" | "rd_MD_UUID":
            spec = f"/dev/disk/by-id/md-uuid-{value}"
        case "systemd.mount-extra" | "systemd.swap-extra":
            spec = value.partition(":")[0]
        case _:
            spec = value
    return Reference(place, spec, _ARGUMENTS[name], "/" if name == "root" else "")


def _units(disk: Filesystem) -> Iterator[Reference]:
    """Mount units, also those that are not enabled: whatever needs their path starts them."""
    for unit in unit_files(disk):
        found = unitfile.settings(disk, unit)
        section = "Swap" if unit.endswith(".swap") else "Mount"
        conditions = {setting.value for setting in found if setting.name.startswith("Condition")}
        for setting in unitfile.values(found, section, "What")[-1:]:
            if setting.value not in conditions:
                kinds = unitfile.values(found, section, "Type")
                kind = "swap" if section == "Swap" else kinds[-1].value if kinds else ""
                yield Reference(
                    setting.place, setting.value, "the boot waits for it 90 s", type=kind
                )


def _encrypted(disk: Filesystem) -> Iterator[Reference]:
    for path in _CRYPTTABS:
        for number, line in significant_lines(text(disk, path)):
            _, spec, *rest = [*line.split(), ""]
            options = set(rest[1].split(",")) if len(rest) > 1 else set()
            if not _OPTIONAL & options:
                yield Reference(f"{path}:{number}", spec, _FOREVER)


def _named_by_crypttab(disk: Filesystem) -> frozenset[str]:
    return frozenset(
        line.split()[0] for path in _CRYPTTABS for _, line in significant_lines(text(disk, path))
    )


def _next_kernels(disk: Filesystem) -> Iterator[Reference]:
    """What the entries of kernels that are yet to come will be made of."""
    for path in (path for pattern in NEXT_KERNELS for path in disk.glob(pattern)):
        for number, line in significant_lines(text(disk, path)):
            for name, value in _ARGUMENT.findall(line):
                if name == "resume" and _NO_RESUME in line:
                    continue
                yield _argument(f"{path}:{number}", name, value)
            if match := _GRUB_DEVICE.match(line):
                yield _argument(f"{path}:{number}", "root", match[1])


def _resume(disk: Filesystem) -> Iterator[Reference]:
    directory = "/etc/initramfs-tools"
    last = None
    for path in (f"{directory}/initramfs.conf", *disk.glob(f"{directory}/conf.d/*")):
        for number, line in significant_lines(text(disk, path)):
            if match := _RESUME.match(line):
                last = Reference(f"{path}:{number}", match[1], _INITRD_WAITS)
    if last is not None:
        yield last
    for path in _SUSPENSION:
        for number, line in significant_lines(text(disk, path)):
            if match := _RESUME_DEVICE.match(line):
                yield Reference(f"{path}:{number}", match[1], _INITRD_WAITS)


def _drives(disk: Filesystem) -> Iterator[Reference]:
    """The devices that ``grub-install`` takes for its drives."""
    for path in (path for pattern in DEVICE_MAPS for path in disk.glob(pattern)):
        for number, line in significant_lines(text(disk, path)):
            if match := _DRIVE.match(line):
                yield Reference(f"{path}:{number}", match[1], _NO_DRIVE)


def _searches(disk: Filesystem) -> Iterator[Reference]:
    for path in (path for pattern in CONFIGURATIONS for path in disk.glob(pattern)):
        for number, line in significant_lines(text(disk, path)):
            for match in _SEARCH.finditer(line):
                spec = _searched(match[1], match[2].split())
                if spec:
                    yield Reference(f"{path}:{number}", spec, _NO_GRUB)


def _searched(kind: str | None, words: Sequence[str]) -> str | None:
    """What a ``search`` looks for; None where it looks for a file."""
    operands = [word for word in words if not word.startswith("-")]
    if kind:  # search.fs_uuid UUID VARIABLE HINT…
        return f"{kind.upper()}={operands[0]}" if operands else None
    if operands and {"--fs-uuid", "-u"} & set(words):
        return f"UUID={operands[-1]}"
    if operands and {"--label", "--fs-label", "-l"} & set(words):
        return f"LABEL={operands[-1]}"
    return None


def _missing_files(disk: Filesystem) -> Iterator[str]:
    """Swap files, images and directories that fstab mounts, and that are not there."""
    for mount in mounts(disk):
        named = mount.spec.startswith("/") and not mount.spec.startswith(_MADE_AT_BOOT)
        if named and not _OPTIONAL & set(mount.options) and not disk.exists(mount.spec):
            place = f"/etc/fstab:{mount.line}"
            yield f"{place}: names {posixpath.normpath(mount.spec)}, which does not exist"
