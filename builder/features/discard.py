"""Blocks that the guest no longer uses go back to the storage."""

from pydantic import Field

from builder.feature import Feature, Parameters


class DiscardParameters(Parameters):
    """How the guest gives blocks back: weekly by fstrim's timer, at once by the mount option."""

    mount_option: bool = Field(
        default=False,
        description="Mount the root file system with 'discard' as well: blocks go back at once.",
    )


FEATURE = Feature(
    name="discard",
    summary="unused blocks are given back to the storage by fstrim",
    parameters=DiscardParameters,
    elements=("guest-discard",),
    environment=lambda parameters: {"DIB_DISCARD_MOUNT": "1" if parameters.mount_option else "0"},
    host=lambda _: ("nova.conf has hw_disk_discard = unmap in its section [libvirt]",),
)
