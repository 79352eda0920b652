"""What keeps the root from growing is told; what only looks like it is not."""

from dataclasses import replace

import pytest
from fakes import FakeFilesystem, Link

from builder.feature import CheckFailed, Volume
from builder.linux.growth import require_growth

Change = dict[str, str | Link | None]

MAIN = "/etc/cloud/cloud.cfg"
LATER = "/etc/cloud/cloud.cfg.d/99.cfg"
ROOT = Volume(
    "/dev/sda3", "ext4", part_scheme="gpt", part_number=3, start=300 << 20, mount_point="/"
)
ESP = Volume("/dev/sda2", "vfat", part_scheme="gpt", part_number=2, start=2 << 20)
GROWROOT = "/usr/share/initramfs-tools/scripts/local-bottom/growroot"


def repart(settings: str) -> Change:
    """No growpart, but systemd-repart with a file of these settings."""
    return {
        "/usr/bin/growpart": None,
        "/usr/lib/repart.d/50-root.conf": f"[Partition]\n{settings}",
        "/usr/lib/systemd/system/systemd-repart.service": "[Service]\n",
        "/usr/lib/systemd/system/sysinit.target.wants/systemd-repart.service": Link("x"),
    }


def growth(change: Change, volumes: tuple[Volume, ...] = (ESP, ROOT)) -> str:
    merged: Change = {
        "/usr/bin/growpart": "",
        "/usr/sbin/sfdisk": "",
        "/usr/sbin/resize2fs": "",
        MAIN: "cloud_init_modules:\n- growpart\n- resizefs\n",
        **change,
    }
    tree = {path: text for path, text in merged.items() if text is not None}
    return require_growth(FakeFilesystem(tree, volumes=volumes))


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({LATER: "# x\ngrowpart:\n  mode: off\n"}, f"{LATER}:3: has growpart's mode off; make it"),
        ({LATER: "growpart: {mode: 'off'}\n"}, f"{LATER}:1: has growpart's mode off"),
        ({LATER: "growpart: {mode: gpart}\n"}, "has growpart's mode gpart"),
        ({LATER: "growpart:\n  devices: [/data]\n"}, f"{LATER}:2: does not name / among"),
        ({LATER: "growpart: {devices: [/dev/vda1]}\n"}, "does not name / among the devices"),
        ({LATER: "resize_rootfs: false\n"}, f"{LATER}:1: keeps the root's size"),
        ({LATER: "resize_rootfs: 'False'\n"}, f"{LATER}:1: keeps the root's size"),
        ({LATER: "resize_rootfs: never\n"}, f"{LATER}:1: keeps the root's size"),
        ({LATER: "resize_rootfs:\n"}, f"{LATER}:1: keeps the root's size"),
        ({LATER: "# x\ngrowpart: false\n"}, f"{LATER}:2: has growpart passed over, which is no m"),
        (repart("Type=home\n"), "/usr/bin/growpart does not exist"),
        (repart("Type=root\nSizeMaxBytes=4G\n"), "/usr/bin/growpart does not exist"),
        (
            {**repart("Type=root\n"), "/etc/repart.d/50-root.conf": Link("/dev/null")},
            "/usr/bin/growpart does not exist",
        ),
        ({GROWROOT: "", "/etc/growroot-disabled": ""}, "/etc/growroot-disabled switches growpart"),
        ({MAIN: "cloud_init_modules: [resizefs]\n"}, f"{MAIN}:1: leaves the module growpart out"),
        ({LATER: "cloud_init_modules: [growpart]\n"}, f"{LATER}:1: leaves the module resizefs out"),
        ({"/etc/growroot-disabled": ""}, "/etc/growroot-disabled switches growpart off"),
        ({"/usr/bin/growpart": None}, "/usr/bin/growpart does not exist: install growpart"),
        ({"/usr/sbin/sfdisk": None}, "/usr/sbin/sfdisk does not exist, which growpart needs"),
        ({"/usr/sbin/resize2fs": None}, "nothing can grow the root's file system"),
        ({GROWROOT: "", LATER: "resize_rootfs: 'off'\n"}, "keeps the root's size"),
    ],
)
def test_what_keeps_the_root_small_is_told(change: Change, seen: str) -> None:
    with pytest.raises(CheckFailed) as failure:
        growth(change)
    assert seen in str(failure.value)


@pytest.mark.parametrize(
    ("volumes", "seen"),
    [
        (
            (ROOT, Volume("/dev/sda4", "swap", part_scheme="gpt", part_number=4, start=9 << 30)),
            "/dev/sda4 (swap) lies behind the root (/dev/sda3), which cannot grow past it; make",
        ),
        (
            (replace(ROOT, part_number=1), replace(ESP, part_number=15, start=8 << 30)),
            "/dev/sda2 (vfat) lies behind the root",
        ),
        ((replace(ROOT, part_scheme="dos", part_number=5),), "is a logical partition"),
        (
            (Volume("/dev/sda2", "LVM2_member"), Volume("/dev/vg/root", "xfs", mount_point="/")),
            "the root (/dev/vg/root) is not a partition",
        ),
    ],
)
def test_a_root_that_has_no_room_is_told(volumes: tuple[Volume, ...], seen: str) -> None:
    with pytest.raises(CheckFailed) as failure:
        growth({"/usr/sbin/xfs_growfs": ""}, volumes)
    assert seen in str(failure.value)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {MAIN: None},
        {LATER: "growpart: {mode: auto, devices: ['/', /data]}\nresize_rootfs: noblock\n"},
        {MAIN: "growpart: {mode: off}\n", LATER: "growpart: {mode: growpart}\n"},
        {"/etc/cloud/cloud.cfg.d/99.cfg.off": "growpart: {mode: off}\n"},
        {LATER: "#growpart: {mode: off}\n"},
        {"/usr/bin/growpart": None, GROWROOT: ""},
        repart("Type = root-x86-64\n"),
        {LATER: "resize_rootfs: 'TRUE'\n"},
        {"/usr/bin/growpart": None, "/usr/local/bin/growpart": ""},
        # Fedora 42 and Arch have one directory of programs
        {
            "/usr/sbin/sfdisk": None,
            "/usr/sbin/resize2fs": None,
            "/usr/bin/sfdisk": "",
            "/usr/bin/resize2fs": "",
        },
        {
            "/usr/sbin/resize2fs": None,
            "/etc/fstab": "LABEL=root / ext4 defaults,x-systemd.growfs 0 1\n",
        },
        {"/etc/growroot-disabled": "", LATER: "growpart: {ignore_growroot_disabled: true}\n"},
    ],
)
def test_what_grows_otherwise_or_only_looks_like_it_passes(change: Change) -> None:
    assert growth(change)


def test_a_root_without_partitions_only_needs_its_file_system_grown() -> None:
    assert growth({}, (Volume("/dev/sda", "ext4", mount_point="/"),))
