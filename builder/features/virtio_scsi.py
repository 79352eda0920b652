"""Disks are virtio-scsi: many volumes on one controller, discard passed on to the storage."""

from builder.feature import CheckFailed, Claim, Feature, Guest, Parameters, probe
from builder.linux.live import output


class VirtioScsiParameters(Parameters):
    """virtio-scsi has nothing to choose."""


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
            proof=(root_is_on_virtio_scsi,),
        ),
        Claim(
            property="hw_scsi_model",
            value="virtio-scsi",
            promise="the guest reaches its disks through a virtio-scsi controller",
            proof=(root_is_on_virtio_scsi,),
        ),
    )


FEATURE = Feature(
    name="virtio-scsi",
    summary="disks on a virtio-scsi controller, ready in every kernel's initrd",
    parameters=VirtioScsiParameters,
    claims=claims,
    probes=(root_is_on_virtio_scsi,),
)
