"""Whether GRUB can start every installed kernel from the firmware it is asked for."""

import posixpath
import re
from collections.abc import Iterable, Iterator

from builder.feature import CheckFailed, Filesystem, Kernel
from builder.linux import esp, grubpath, kernel_image, kernels
from builder.linux.bootentries import entries
from builder.linux.files import text

_GRUB = ("/boot/grub", "/boot/grub2")
_ENTRIES = "/boot/loader/entries"
_BIOS = ("x86_64", "i686")
_LINKS = ("/vmlinuz", "/boot/vmlinuz")  # linux-update-symlinks(1), and SUSE's
_REINSTALL = "install the kernel's package again"
_CONFIGURE = "configure the boot loader anew ('update-grub', 'grub2-mkconfig')"
_SYSTEMD_BOOT = ("loader/entries", "EFI/systemd", "EFI/Linux")


def require_bootable(disk: Filesystem, architecture: str) -> str:
    """Say which firmwares can start which kernels. Raises ``CheckFailed``."""
    grub = next((path for path in _GRUB if disk.exists(f"{path}/grub.cfg")), None)
    if grub is None:
        _refuse_systemd_boot(disk)
        raise CheckFailed(
            "GRUB has no configuration: /boot/grub/grub.cfg does not exist; install GRUB, and make "
            "it: 'grub-mkconfig -o /boot/grub/grub.cfg'"
        )
    firmwares = ["UEFI"]
    esp.removable_loader(disk, architecture)
    if architecture in _BIOS:
        _require_bios(disk, grub)
        firmwares.insert(0, "BIOS")
    releases = _require_entries(disk, f"{grub}/grub.cfg")
    return f"GRUB for {' and '.join(firmwares)} starts {', '.join(releases)}"


def _refuse_systemd_boot(disk: Filesystem) -> None:
    for place in esp.MOUNT_POINTS:
        for path in (f"{place}/{part}" for part in _SYSTEMD_BOOT):
            if disk.list(path):
                raise CheckFailed(
                    f"there is no GRUB: {path} is of systemd-boot, which no BIOS can start, and "
                    "which is not judged here"
                )


def _require_bios(disk: Filesystem, grub: str) -> None:
    if not disk.exists(f"{grub}/i386-pc/normal.mod"):
        raise CheckFailed(
            f"BIOS cannot start GRUB: {grub}/i386-pc has no modules; install GRUB for BIOS, too: "
            "'grub-install --target=i386-pc'"
        )


def _require_entries(disk: Filesystem, configuration: str) -> list[str]:
    """Every kernel has an entry, in GRUB's own file or as a Boot Loader Specification entry."""
    content = text(disk, configuration)
    for path in disk.glob(f"{_ENTRIES}/*.conf") if "blscfg" in content else ():
        content += text(disk, path)
    found = kernels.require_every(disk)
    for kernel in found:
        name = posixpath.basename(kernel.image)
        named = name if name != "vmlinuz" else f"{name}-{kernel.release}"
        if not re.search(rf"{re.escape(named)}(?![\w.+-])", content):
            raise CheckFailed(
                f"{configuration} has no entry for kernel {kernel.release}; make it anew: "
                f"'grub-mkconfig -o {configuration}'"
            )
    broken = [*_broken(disk, found), *_dangling(disk)]
    if broken:
        raise CheckFailed("; ".join(broken))
    return [kernel.release for kernel in found]


def _broken(disk: Filesystem, found: Iterable[Kernel]) -> Iterator[str]:
    """The kernels that no boot loader can start, as their files are not whole."""
    for kernel in found:
        try:
            defect = kernel_image.defect(disk.read_bytes(kernel.image))
        except FileNotFoundError:
            defect = "is a link to a file that does not exist"
        if defect:
            what = f"kernel {kernel.release} cannot be started"
            yield f"{what}: {kernel.image} {defect}; {_REINSTALL}"


def _dangling(disk: Filesystem) -> Iterator[str]:
    """Entries and links that lead to a kernel that was removed, or never written."""
    for entry in entries(disk):
        named = entry.kernel and not entry.kernel.startswith("$")
        if named and not entry.is_for_recovery and not grubpath.exists(disk, entry.kernel):
            yield f"{entry.place}: starts {entry.kernel}, which does not exist; {_CONFIGURE}"
    for path in _LINKS:
        target = disk.readlink(path)
        if target is not None and not disk.exists(path):
            yield f"{path} leads to {target}, which does not exist; remove it, or {_REINSTALL}"
