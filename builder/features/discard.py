"""Blocks that the guest no longer uses go back to the storage."""

from pydantic import Field

from builder.feature import Feature, Guest, Parameters, probe
from builder.linux.live import output, require_active


class DiscardParameters(Parameters):
    """How the guest gives blocks back: weekly by fstrim's timer, at once by the mount option."""

    mount_option: bool = Field(
        default=False,
        description="Mount the root file system with 'discard' as well: blocks go back at once.",
    )


@probe("fstrim's timer is active")
def timer_is_active(guest: Guest, _: DiscardParameters) -> str:
    """The timer runs fstrim once a week."""
    return require_active(guest, "fstrim.timer")


@probe("the guest gives unused blocks of its root back")
def root_can_be_trimmed(guest: Guest, _: DiscardParameters) -> str:
    """Run what the timer would run; it fails where the disk takes no discards."""
    return "fstrim: " + output(guest, "fstrim --verbose /", timeout=120)


FEATURE = Feature(
    name="discard",
    summary="unused blocks are given back to the storage by fstrim",
    parameters=DiscardParameters,
    elements=("guest-discard",),
    environment=lambda parameters: {"DIB_DISCARD_MOUNT": "1" if parameters.mount_option else "0"},
    host=lambda _: ("nova.conf has hw_disk_discard = unmap in its section [libvirt]",),
    probes=(
        timer_is_active,
        root_can_be_trimmed,
    ),
)
