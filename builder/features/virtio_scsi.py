"""Disks are virtio-scsi: many volumes on one controller, discard passed on to the storage.

A virtio-blk disk takes a PCI slot of its own, so that a guest ends at some two dozen volumes, and
its kernel calls the root disk vda. On virtio-scsi all volumes share one controller, LUNs go into
the thousands, SCSI commands such as UNMAP and persistent reservations reach the storage, and the
root disk is sda. Nova builds the controller only where the image has both properties; with one of
them the guest silently gets something else. The guest needs the driver before its root is mounted:
in the initrd of every kernel that may ever start, also the one that is installed next year.
"""

import re
from dataclasses import replace

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
from builder.linux import kernels, loadable
from builder.linux.live import output, require_no_failure
from builder.linux.scripts import script


class VirtioScsiParameters(Parameters):
    """virtio-scsi has nothing to choose."""


# What lies between PCI and a disk: without any one of them the initrd finds no root.
DRIVERS = ("virtio_pci", "virtio_scsi", "sd_mod")


@inspection("every kernel finds its root on virtio-scsi before the disk is mounted")
def initrds_have_virtio_scsi(disk: Filesystem, _: VirtioScsiParameters) -> str:
    """Each driver is built into the kernel, or a module in that kernel's own initrd."""
    found = kernels.require_every(disk)
    for kernel in found:
        modules = [driver for driver in DRIVERS if driver not in kernel.builtin]
        if modules:
            kernels.require_initrd(kernel)
        for driver in modules:
            if driver not in kernel.in_initrd:
                raise CheckFailed(
                    f"the initrd of kernel {kernel.release} ({kernel.initrd}) has no {driver}, "
                    "and it is not built in; name it for the initrd (/etc/initramfs-tools/modules, "
                    "or add_drivers of dracut), and make that anew"
                )
    loadable.require(disk, DRIVERS)
    return f"virtio_scsi is in the initrd of, or built into, {kernels.names(found)}"


ROOT_DISK = script("root-disk.sh")


@probe("the root disk is /dev/sda on a virtio-scsi controller")
def root_is_on_virtio_scsi(guest: Guest, _: VirtioScsiParameters) -> str:
    """Look up the driver below the disk that holds the root file system."""
    disk, driver = output(guest, ROOT_DISK).split()
    if (disk, driver) != ("sda", "virtio_scsi"):
        raise CheckFailed(f"root is /dev/{disk} (driver {driver}), not /dev/sda on virtio-scsi")
    return "root is /dev/sda on virtio-scsi (driver virtio_scsi)"


# A LUN above 255 is addressed "flat" (SAM-4), which Linux shows as part of its number.
FLAT = 0x4000
MIB = 1024**2
VOLUME_SIZE = 64 * MIB
UNPLUG_LIMIT = 30.0

# Prints the disk's name when what was written to all of it could be read back from the device.
WRITE_AND_READ = script("write-and-read-volume.sh")
GONE = script("await-volume-gone.sh")


@probe(
    "a volume is plugged into the running guest, keeps what is written, and is unplugged",
    once=True,
    seconds=5,
)
def volume_is_plugged(guest: Guest, _: VirtioScsiParameters) -> str:
    """As Nova attaches one: on the root disk's controller, with the next LUN.

    On AArch64 the config drive has LUN 1.
    """
    disk = _used_and_unplugged(guest, lun=2)
    if disk != "sdb":
        raise CheckFailed(f"the volume appeared as /dev/{disk}, not as /dev/sdb")
    return "a volume was plugged in as /dev/sdb, written, read back and unplugged"


@probe("several volumes are used at once, one of them with a LUN above 255", once=True, seconds=8)
def many_volumes_are_used(guest: Guest, _: VirtioScsiParameters) -> str:
    """A guest that numbers LUNs in one byte does not see the second."""
    low = _plugged(guest, lun=3)
    try:
        high = _used_and_unplugged(guest, lun=300)
    finally:
        _unplug(guest, lun=3)
    return f"/dev/{low} with LUN 3 and /dev/{high} with LUN 300 were used at once"


def _used_and_unplugged(guest: Guest, lun: int) -> str:
    disk = _plugged(guest, lun)
    _unplug(guest, lun)
    return disk


def _plugged(guest: Guest, lun: int) -> str:
    """Plug a volume in, write and read it, and return the disk's name."""
    guest.qmp(
        "device_add",
        driver="scsi-hd",
        id=f"lun{lun}",
        bus="scsi0.0",
        channel=0,
        scsi_id=0,
        lun=lun,
        drive=guest.new_volume(VOLUME_SIZE),
    )
    sectors = VOLUME_SIZE // 512
    return output(guest, WRITE_AND_READ, _shown(lun), str(sectors), timeout=90)


def _unplug(guest: Guest, lun: int) -> None:
    guest.qmp("device_del", id=f"lun{lun}")
    guest.event("DEVICE_DELETED", timeout=UNPLUG_LIMIT)
    output(guest, GONE, _shown(lun), timeout=60)


def _shown(lun: int) -> str:
    """The end of a device's address in sysfs."""
    return f"0:0:{lun if lun < 256 else FLAT | lun}"  # noqa: PLR2004 - one byte


ROOT_FOUND = r"(?:EXT4-fs|XFS|BTRFS)[^(\n]*\((\w+)\): (?:mounted|Mounting|first mount)"
STARTED = r"systemd\[1\]: Hostname set"
START_LIMIT = 300.0


@probe(
    "the image also starts from virtio-blk",
    seconds=30,
    login=False,
    machine=lambda usual: replace(usual, disk_bus="virtio"),
)
def starts_from_virtio_blk(guest: Guest, _: VirtioScsiParameters) -> str:
    """As in a cloud that leaves the image's properties out."""
    try:
        end = guest.wait_for_console(ROOT_FOUND, timeout=START_LIMIT)
        guest.wait_for_console(STARTED, timeout=START_LIMIT, after=end)
    except TimeoutError as error:
        raise CheckFailed(f"the guest found no root on virtio-blk: {error}") from error
    found = re.search(ROOT_FOUND, guest.console()[:end])
    if found is None or not found[1].startswith("vda"):
        raise CheckFailed(f"root is on {found and found[1]}, not on vda")
    require_no_failure(guest, guest.console())
    return f"without the properties the guest starts from /dev/{found[1]} on virtio-blk"


PROBES = (
    root_is_on_virtio_scsi,
    volume_is_plugged,
    many_volumes_are_used,
    starts_from_virtio_blk,
)
PROOF = (
    initrds_have_virtio_scsi,
    volume_is_plugged,
    root_is_on_virtio_scsi,
)


def claims(_: VirtioScsiParameters) -> tuple[Claim, ...]:
    """Both properties, because Nova makes no virtio-scsi controller of either one alone."""
    return (
        Claim(
            property="hw_disk_bus",
            value="scsi",
            promise="the guest's disks are SCSI disks, its root disk is /dev/sda",
            proof=PROOF,
        ),
        Claim(
            property="hw_scsi_model",
            value="virtio-scsi",
            promise="the guest reaches its disks through a virtio-scsi controller",
            proof=PROOF,
        ),
    )


FEATURE = Feature(
    name="virtio-scsi",
    summary="disks on a virtio-scsi controller, ready in every kernel's initrd",
    parameters=VirtioScsiParameters,
    claims=claims,
    inspections=(initrds_have_virtio_scsi,),
    probes=PROBES,
)
