"""Whether GRUB can start every installed kernel from the firmware it is asked for."""

from builder.feature import CheckFailed, Filesystem
from builder.linux import esp, kernels
from builder.linux.files import text

_GRUB = ("/boot/grub", "/boot/grub2")
_ENTRIES = "/boot/loader/entries"
_BIOS = ("x86_64",)


def require_bootable(disk: Filesystem, architecture: str) -> str:
    """Say which firmwares can start which kernels. Raises ``CheckFailed``."""
    grub = next((path for path in _GRUB if disk.exists(f"{path}/grub.cfg")), None)
    if grub is None:
        raise CheckFailed("GRUB has no configuration: /boot/grub/grub.cfg does not exist")
    firmwares = ["UEFI"]
    esp.removable_loader(disk, architecture)
    if architecture in _BIOS:
        _require_bios(disk, grub)
        firmwares.insert(0, "BIOS")
    releases = _require_entries(disk, f"{grub}/grub.cfg")
    return f"GRUB for {' and '.join(firmwares)} starts {', '.join(releases)}"


def _require_bios(disk: Filesystem, grub: str) -> None:
    if not disk.exists(f"{grub}/i386-pc/normal.mod"):
        raise CheckFailed(f"BIOS cannot start GRUB: {grub}/i386-pc has no modules")


def _require_entries(disk: Filesystem, configuration: str) -> list[str]:
    """Every kernel has an entry, in GRUB's own file or as a Boot Loader Specification entry."""
    content = text(disk, configuration)
    for path in disk.glob(f"{_ENTRIES}/*.conf") if "blscfg" in content else ():
        content += text(disk, path)
    releases = [kernel.release for kernel in kernels.require_every(disk)]
    for release in releases:
        if f"vmlinuz-{release}" not in content:
            raise CheckFailed(f"{configuration} has no entry for kernel {release}")
    return releases
