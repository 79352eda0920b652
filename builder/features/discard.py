"""Blocks that the guest no longer uses go back to the storage."""

from pydantic import Field

from builder.feature import (
    CheckFailed,
    Feature,
    Filesystem,
    Guest,
    Parameters,
    inspection,
    probe,
)
from builder.linux import fstab, systemd
from builder.linux.live import output, require_active


class DiscardParameters(Parameters):
    """How the guest gives blocks back: weekly by fstrim's timer, at once by the mount option."""

    mount_option: bool = Field(
        default=False,
        description="Mount the root file system with 'discard' as well: blocks go back at once.",
    )


@inspection("fstrim's timer is enabled")
def timer_is_enabled(disk: Filesystem, _: DiscardParameters) -> str:
    """The timer comes with util-linux, but not every distribution enables it."""
    return systemd.require_started(disk, "fstrim.timer")


@inspection("the root is mounted with discard if and only if the profile asks for it")
def mount_option_is_as_asked(disk: Filesystem, parameters: DiscardParameters) -> str:
    """Read fstab's line of the root."""
    root = next((mount for mount in fstab.mounts(disk) if mount.mount_point == "/"), None)
    if root is None:
        raise CheckFailed("/etc/fstab has no line for the root file system")
    options = ",".join(root.options)
    if ("discard" in root.options) != parameters.mount_option:
        asked = "asks for" if parameters.mount_option else "does not ask for"
        raise CheckFailed(
            f"/etc/fstab:{root.line}: the root has the options '{options}', "
            f"but the profile {asked} discard"
        )
    return f"/etc/fstab:{root.line}: the root has the options '{options}'"


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
    inspections=(timer_is_enabled, mount_option_is_as_asked),
    probes=(
        timer_is_active,
        root_can_be_trimmed,
    ),
)
