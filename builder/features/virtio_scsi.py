"""Disks are virtio-scsi: many volumes on one controller, discard passed on to the storage."""

from builder.feature import Claim, Feature, Parameters


class VirtioScsiParameters(Parameters):
    """virtio-scsi has nothing to choose."""


def claims(_: VirtioScsiParameters) -> tuple[Claim, ...]:
    """Both properties, because Nova makes no virtio-scsi controller of either one alone."""
    return (
        Claim(
            property="hw_disk_bus",
            value="scsi",
            promise="the guest's disks are SCSI disks, its root disk is /dev/sda",
            proof=(),
        ),
        Claim(
            property="hw_scsi_model",
            value="virtio-scsi",
            promise="the guest reaches its disks through a virtio-scsi controller",
            proof=(),
        ),
    )


FEATURE = Feature(
    name="virtio-scsi",
    summary="disks on a virtio-scsi controller, ready in every kernel's initrd",
    parameters=VirtioScsiParameters,
    claims=claims,
)
