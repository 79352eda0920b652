"""Disks are virtio-scsi: many volumes on one controller, discard passed on to the storage."""

from builder.feature import (
    CheckFailed,
    Claim,
    Feature,
    Filesystem,
    Guest,
    Parameters,
    inspection,
    probe,
)
from builder.linux import kernels
from builder.linux.live import output


class VirtioScsiParameters(Parameters):
    """virtio-scsi has nothing to choose."""


# What lies between PCI and a disk: without any one of them the initrd finds no root.
DRIVERS = ("virtio_pci", "virtio_scsi", "sd_mod")


@inspection("every kernel finds its root on virtio-scsi before the disk is mounted")
def initrds_have_virtio_scsi(disk: Filesystem, _: VirtioScsiParameters) -> str:
    """Each driver is built into the kernel, or a module in that kernel's own initrd."""
    found = kernels.require_every(disk)
    for kernel in found:
        where = f" ({kernel.initrd})" if kernel.initrd else ", which has none,"
        for driver in DRIVERS:
            if driver not in kernel.builtin | kernel.in_initrd:
                raise CheckFailed(
                    f"the initrd of kernel {kernel.release}{where} has no {driver}, "
                    "and it is not built in"
                )
    return f"virtio_scsi is in the initrd of, or built into, {kernels.names(found)}"


ROOT_DISK = """
set -e
disk=$(lsblk -no PKNAME "$(findmnt -no SOURCE /)")
device=$(readlink -f "/sys/block/$disk/device")
case "$device" in
*/virtio*/host*) driver=$(basename "$(readlink -f "${device%%/host*}/driver")") ;;
*) driver=$(basename "$(readlink -f "$device/driver")") ;;
esac
echo "$disk $driver"
"""


@probe("the root disk is /dev/sda on a virtio-scsi controller")
def root_is_on_virtio_scsi(guest: Guest, _: VirtioScsiParameters) -> str:
    """Look up the driver below the disk that holds the root file system."""
    disk, driver = output(guest, ROOT_DISK).split()
    if (disk, driver) != ("sda", "virtio_scsi"):
        raise CheckFailed(f"root is /dev/{disk} (driver {driver}), not /dev/sda on virtio-scsi")
    return "root is /dev/sda on virtio-scsi (driver virtio_scsi)"


def claims(_: VirtioScsiParameters) -> tuple[Claim, ...]:
    """Both properties, because Nova makes no virtio-scsi controller of either one alone."""
    return (
        Claim(
            property="hw_disk_bus",
            value="scsi",
            promise="the guest's disks are SCSI disks, its root disk is /dev/sda",
            proof=(initrds_have_virtio_scsi, root_is_on_virtio_scsi),
        ),
        Claim(
            property="hw_scsi_model",
            value="virtio-scsi",
            promise="the guest reaches its disks through a virtio-scsi controller",
            proof=(initrds_have_virtio_scsi, root_is_on_virtio_scsi),
        ),
    )


FEATURE = Feature(
    name="virtio-scsi",
    summary="disks on a virtio-scsi controller, ready in every kernel's initrd",
    parameters=VirtioScsiParameters,
    claims=claims,
    inspections=(initrds_have_virtio_scsi,),
    probes=(root_is_on_virtio_scsi,),
)
