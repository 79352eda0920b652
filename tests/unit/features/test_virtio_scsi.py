"""A root on virtio-scsi, and volumes that are plugged in."""

from collections.abc import Iterator

import firmware_disk
import pytest
from check_cases import Case, broken_disk, good_disk, good_disks, right_guest, wrong_guest
from fake_guest import FakeGuest, pluggable
from good_disk import INITRD, INITRD_PATH, NO_KERNEL, OTHER, RELEASE, second_kernel
from initrds import cpio

from builder.feature import Completed
from builder.features import virtio_scsi

STARTED = "[ 10.0] systemd[1]: Hostname set to <debian>.\n"


def disks() -> Iterator[Case]:
    yield from good_disks(virtio_scsi.FEATURE.inspections)
    check = virtio_scsi.initrds_have_virtio_scsi
    yield broken_disk(check, "no kernel", NO_KERNEL, "no kernel is installed")
    initrd = f"the initrd of kernel {RELEASE} ({INITRD_PATH})"
    for driver in ("virtio_scsi", "virtio_pci", "sd_mod"):
        without = INITRD.replace(driver.encode(), b"x" * len(driver))
        yield broken_disk(
            check,
            f"no {driver}",
            {INITRD_PATH: without},
            f"{initrd} has no {driver}, and it is not built in",
        )
    yield broken_disk(
        check,
        "a second kernel without it",
        second_kernel(OTHER, initrd=cpio({"init": b""})),
        f"the initrd of kernel {OTHER} (/boot/initrd.img-{OTHER}) has no virtio_pci",
    )
    yield broken_disk(
        check,
        "modules of another kernel",
        {INITRD_PATH: INITRD.replace(RELEASE.encode(), OTHER.encode())},
        "has no virtio_pci",
    )
    builtin = "kernel/virtio_pci.ko\nkernel/virtio_scsi.ko\nkernel/sd_mod.ko\n"
    yield good_disk(check, "built in", {INITRD_PATH: None, firmware_disk.BUILTIN: builtin}, RELEASE)
    yield good_disk(check, "two kernels", second_kernel(OTHER), f"{OTHER}, {RELEASE}")


def guests() -> Iterator[Case]:
    probe = virtio_scsi.root_is_on_virtio_scsi
    yield right_guest(probe, FakeGuest({"findmnt": "sda virtio_scsi\n"}), "/dev/sda on virtio-scsi")
    yield wrong_guest(
        probe, FakeGuest({"findmnt": "vda virtio_blk\n"}), "root is /dev/vda (driver virtio_blk)"
    )
    probe = virtio_scsi.volume_is_plugged
    yield right_guest(probe, pluggable({"scsi_device": "sdb\n"}), "plugged in as /dev/sdb")
    yield wrong_guest(
        probe,
        pluggable({"scsi_device": Completed(1, "", "no disk appeared with LUN 0:0:2\n")}),
        "no disk appeared",
    )
    yield wrong_guest(probe, pluggable({"scsi_device": "sdz\n"}), "as /dev/sdz, not as /dev/sdb")
    probe = virtio_scsi.many_volumes_are_used
    yield right_guest(
        probe,
        pluggable({"16684": "sdc\n", "scsi_device": "sdb\n"}),
        "/dev/sdb with LUN 3 and /dev/sdc with LUN 300",
    )
    yield wrong_guest(
        probe,
        pluggable({"16684": Completed(1, "", "no disk appeared\n"), "scsi_device": "sdb\n"}),
        "no disk appeared",
    )
    probe = virtio_scsi.starts_from_virtio_blk
    yield right_guest(
        probe,
        FakeGuest(console=f"[ 9.0] EXT4-fs (vda3): mounted filesystem\n{STARTED}"),
        "starts from /dev/vda3 on virtio-blk",
    )
    yield wrong_guest(
        probe,
        FakeGuest(console=f"[ 9.0] EXT4-fs (sda3): mounted filesystem\n{STARTED}"),
        "root is on sda3, not on vda",
    )
    yield wrong_guest(
        probe,
        FakeGuest(console="ALERT! LABEL=root does not exist. Dropping to a shell!\n"),
        "found no root on virtio-blk",
    )


@pytest.mark.parametrize("case", [*disks(), *guests()], ids=str)
def test_a_check_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()
