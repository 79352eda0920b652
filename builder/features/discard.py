"""Blocks that the guest no longer uses go back to the storage.

A thin volume grows with every block that is written and never shrinks by itself: a deleted file
still takes space on Ceph or in a qcow2 file. Discard tells the storage. Weekly fstrim does it in
bulk, the mount option at each deletion. No image property asks for it: the hosts must pass it on,
and where they do not, fstrim in the guest still reports success.
"""

from pydantic import Field

from builder.feature import (
    CheckFailed,
    ConfigOption,
    Consequence,
    Feature,
    Filesystem,
    Guest,
    Necessity,
    Need,
    Parameters,
    Setup,
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


@inspection(
    "the root is mounted with discard if and only if the profile asks for it", compares=True
)
def mount_option_is_as_asked(disk: Filesystem, parameters: DiscardParameters) -> str:
    """Read fstab's line of the root."""
    root = next((mount for mount in fstab.mounts(disk) if mount.mount_point == "/"), None)
    if root is None:
        raise CheckFailed("/etc/fstab has no line for the root file system; add one")
    options = ",".join(root.options)
    if ("discard" in root.options) != parameters.mount_option:
        asked = "asks for" if parameters.mount_option else "does not ask for"
        raise CheckFailed(
            f"/etc/fstab:{root.line}: the root has the options '{options}', "
            f"but the profile {asked} discard; correct that line, or mount_option in the profile"
        )
    return f"/etc/fstab:{root.line}: the root has the options '{options}'"


@probe("fstrim's timer is active")
def timer_is_active(guest: Guest, _: DiscardParameters) -> str:
    """The timer runs fstrim once a week."""
    return require_active(guest, "fstrim.timer")


MIB = 1024**2
WRITTEN = 256 * MIB
GIVEN_BACK = 0.9
"""How much of what is deleted must come back: the rest is the file system's own."""


@probe("blocks of deleted files are given back to the storage", once=True, seconds=15)
def deleted_blocks_are_given_back(guest: Guest, _: DiscardParameters) -> str:
    """Do what the timer would do, and look at what the storage has allocated for the root disk.

    A guest cannot tell: fstrim reports what it has discarded even if the host ignores it.
    """
    output(guest, "sync; fstrim /", timeout=180)
    before = _allocated(guest)
    script = (
        f"dd if=/dev/zero of=/var/tmp/trimmed bs=1M count={WRITTEN // MIB} conv=fsync status=none"
    )
    output(guest, script, timeout=180)
    written = _allocated(guest) - before
    if written < GIVEN_BACK * WRITTEN:
        raise CheckFailed(
            f"the storage allocated {written // MIB} MiB for a file of {WRITTEN // MIB} MiB"
        )
    output(guest, "rm /var/tmp/trimmed; sync; fstrim /", timeout=180)
    returned = before + written - _allocated(guest)
    if returned < GIVEN_BACK * WRITTEN:
        raise CheckFailed(
            f"of {written // MIB} MiB that a deleted file had taken, fstrim gave "
            f"{max(returned, 0) // MIB} MiB back to the storage"
        )
    return f"fstrim gave {returned // MIB} of {written // MIB} MiB of a deleted file back"


def _allocated(guest: Guest) -> int:
    """What the file of the root disk takes on the host, in bytes."""
    nodes = guest.qmp("query-named-block-nodes", flat=True)
    return next(int(node["image"]["actual-size"]) for node in nodes if node["node-name"] == "root")


SPECS = "https://specs.openstack.org/openstack"
NOVA_DISKS = f"{SPECS}/nova-specs/specs/juno/implemented/libvirt-disk-discard-option.html"
VOLUMES = f"{SPECS}/nova-specs/specs/mitaka/implemented/cinder-backend-report-discard.html"


def needs(_: DiscardParameters) -> tuple[Need, ...]:
    """Nova's own disks and Cinder's volumes are told apart: each has its switch."""
    return (
        Need(
            what=ConfigOption("libvirt", "hw_disk_discard", "unmap"),
            reason="It passes discards of Nova's own disks on, in files, LVM and Ceph"
            " (images_type = rbd) alike; without it they end in QEMU, and fstrim reports success.",
            source=NOVA_DISKS,
        ),
        Need(
            what=ConfigOption(
                "backend_defaults",
                "report_discard_supported",
                "True",
                services=("volume",),
                file="cinder.conf",
            ),
            reason="Nova passes discards of a volume on where Cinder says so when it is attached,"
            " whatever hw_disk_discard is; a backend's own section says it for that one. Volumes"
            " that are attached already have to be attached anew.",
            source=VOLUMES,
            necessity=Necessity.ADVISED,
        ),
        Need(
            what=Setup("the storage is thin: Ceph's RBD, sparse files, thin LVM"),
            reason="Blocks come back to where they were not all taken from the beginning:"
            " preallocate_images = space, or a thick volume, gains nothing.",
            source=NOVA_DISKS,
            necessity=Necessity.ADVISED,
        ),
        Need(
            what=Consequence("a guest whose disks are virtio-blk needs QEMU 4.0 on its host"),
            reason="virtio-blk had no discard before; virtio-scsi always has.",
            source="https://wiki.qemu.org/ChangeLog/4.0",
        ),
    )


FEATURE = Feature(
    name="discard",
    summary="unused blocks are given back to the storage by fstrim",
    parameters=DiscardParameters,
    elements=("guest-discard",),
    environment=lambda parameters: {"DIB_DISCARD_MOUNT": "1" if parameters.mount_option else "0"},
    needs=needs,
    inspections=(timer_is_enabled, mount_option_is_as_asked),
    probes=(
        timer_is_active,
        deleted_blocks_are_given_back,
    ),
)
