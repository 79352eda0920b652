"""The image boots on any machine that Nova gives it: boot loader, kernels, initrds, devices."""

from builder.feature import CheckFailed, Filesystem, inspection
from builder.features.inspections.parameters import FoundationParameters
from builder.linux import (
    bootloader,
    devices,
    elf,
    fstab,
    initramfs,
    initrds,
    loadable,
    osrelease,
    serialconsole,
)

NO_VERSION = "without a version"
"""What is never released has none in os-release(5): Debian sid."""

DRIVERS = ("virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "virtio_net", "sr_mod", "isofs")
"""A guest's disk and NIC, and its config drive, which is a CD-ROM."""


@inspection("the disk has the release that the image claims", compares=True)
def release_on_disk_is_as_claimed(disk: Filesystem, parameters: FoundationParameters) -> str:
    """Compare os-release with the claims."""
    facts = osrelease.read(disk)
    seen = f"{facts.get('ID', '?')} {facts.get('VERSION_ID', NO_VERSION)}"
    claimed = f"{parameters.os_distro} {parameters.os_version or NO_VERSION}"
    if not osrelease.is_of(facts, parameters.os_distro, parameters.os_version):
        raise CheckFailed(f"/etc/os-release says '{seen}', the image claims '{claimed}'")
    return f"/etc/os-release says {seen}"


@inspection("the programs on the disk are for the processors that the image claims", compares=True)
def programs_are_as_claimed(disk: Filesystem, parameters: FoundationParameters) -> str:
    """Read what a program that every Linux has is built for."""
    seen = elf.architecture(disk)
    if seen != parameters.architecture:
        raise CheckFailed(
            f"the programs are built for {seen or 'no known architecture'}, "
            f"the image claims {parameters.architecture}"
        )
    return f"the programs are built for {seen}"


@inspection("GRUB starts every installed kernel from every firmware")
def boot_loader_is_complete(disk: Filesystem, parameters: FoundationParameters) -> str:
    """Look for its files and its entries; only a boot shows that they work."""
    return bootloader.require_bootable(disk, parameters.architecture)


@inspection("every kernel has an initrd, and it is whole")
def initrds_are_whole(disk: Filesystem, _: FoundationParameters) -> str:
    """Unpack each to its end, and look that the boot loader hands it over."""
    return initrds.require_whole(disk)


@inspection("no driver that every guest needs is kept from being loaded")
def drivers_can_be_loaded(disk: Filesystem, _: FoundationParameters) -> str:
    """Guides to hardening switch modules off by dozens."""
    mounted = {volume.type for volume in disk.volumes() if volume.mount_point}
    loadable.require(disk, {*DRIVERS, *mounted})
    return f"nothing keeps {', '.join(DRIVERS)} from being loaded"


@inspection("a kernel that the guest installs gets an initrd for any machine")
def initrd_is_renewed(disk: Filesystem, _: FoundationParameters) -> str:
    """One generator, which the kernel's package runs, and which is not narrowed to one machine."""
    return initramfs.require_renewal(disk)


@inspection("nothing that is read at boot names a device by the kernel's name")
def no_kernel_device_names(disk: Filesystem, _: FoundationParameters) -> str:
    """A disk that is /dev/vda here is /dev/sda there."""
    found = fstab.kernel_device_names(disk)
    if found:
        raise CheckFailed(f"{'; '.join(map(str, found))}; name it by its LABEL or UUID")
    return "fstab, crypttab, units and the boot loader name no /dev/sd*, /dev/vd*, /dev/nvme*"


@inspection("every device that the boot waits for is on the disk")
def boot_finds_its_devices(disk: Filesystem, _: FoundationParameters) -> str:
    """An image that was cut out of a larger machine names what it has left there."""
    found = tuple(dict.fromkeys(devices.missing(disk)))
    if found:
        raise CheckFailed(f"{'; '.join(found)}; {devices.REMEDY}")
    return "fstab, units, the boot loader and the initrds name what is on this disk"


@inspection("the kernel and a login are on the serial console")
def console_is_serial(disk: Filesystem, parameters: FoundationParameters) -> str:
    """Where it is not, the console's log is empty on the day that it is needed."""
    return serialconsole.require_console(disk, parameters.architecture)


INSPECTIONS = (
    release_on_disk_is_as_claimed,
    programs_are_as_claimed,
    boot_loader_is_complete,
    initrds_are_whole,
    drivers_can_be_loaded,
    initrd_is_renewed,
    no_kernel_device_names,
    boot_finds_its_devices,
    console_is_serial,
)
