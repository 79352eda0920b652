"""fstab is read as mount(8) reads it; the kernel's device names are found wherever they hide."""

import pytest
from fakes import FakeFilesystem, Link, Tree

from builder.linux.fstab import KERNEL_NAME, Mount, kernel_device_names, mounts, parse_fstab

GOOD = {
    "/etc/fstab": "LABEL=root / ext4 defaults,discard 0 1\nLABEL=ESP /boot/efi vfat nofail 0 1\n",
    "/etc/crypttab": "data UUID=0123 none luks\n",
    "/etc/default/grub": '# root=/dev/sda1 would be wrong\nGRUB_DEVICE="LABEL=root"\n',
    "/boot/grub/grub.cfg": "  linux /boot/vmlinuz root=LABEL=root ro console=ttyS0\n",
}


UNITS = "/etc/systemd/system"


def test_fstab_is_read() -> None:
    text = "# a comment\n\nLABEL=root  /\text4\tdefaults,discard 0 1\n/swap none swap\n"
    assert parse_fstab(text) == (
        Mount(3, "LABEL=root", "/", "ext4", ("defaults", "discard")),
        Mount(4, "/swap", "none", "swap", ("defaults",)),
    )


def test_escapes_are_resolved() -> None:
    (mount,) = parse_fstab(r"LABEL=my\040disk /mnt/a\134b ext4 ro 0 0")
    assert (mount.spec, mount.mount_point) == ("LABEL=my disk", r"/mnt/a\b")


def test_half_a_line_is_no_entry() -> None:
    assert parse_fstab("LABEL=root /\n") == ()


def test_a_disk_without_fstab_mounts_nothing() -> None:
    assert mounts(FakeFilesystem({})) == ()


def test_labels_and_uuids_are_no_findings() -> None:
    assert kernel_device_names(FakeFilesystem(GOOD)) == ()


@pytest.mark.parametrize(
    ("path", "text", "seen"),
    [
        ("/etc/fstab", "\n/dev/vda1 / ext4 defaults 0 1\n", "/etc/fstab:2: names /dev/vda1"),
        ("/etc/crypttab", "data /dev/xvdb none luks\n", "/etc/crypttab:1: names /dev/xvdb"),
        ("/boot/grub/grub.cfg", "linux /v root=/dev/sda3 ro", "grub.cfg:1: names /dev/sda3"),
        ("/boot/grub2/grub.cfg", "linux /v root=/dev/hda1", "grub2/grub.cfg:1: names /dev/hda1"),
        ("/etc/default/grub", 'GRUB_CMDLINE_LINUX="root=/dev/vda3"', "grub:1: names /dev/vda3"),
        ("/etc/default/grub.d/50.cfg", 'A="resume=/dev/sdb2"', "50.cfg:1: names /dev/sdb2"),
        ("/boot/loader/entries/a.conf", "options root=/dev/nvme0n1p2 ro", "names /dev/nvme0n1p2"),
        ("/etc/kernel/cmdline", "root=/dev/sda1", "/etc/kernel/cmdline:1: names /dev/sda1"),
        ("/boot/efi/EFI/debian/grub.cfg", "search /dev/sda2", "names /dev/sda2"),
        ("/boot/grub2/grubenv", "kernelopts=root=/dev/vda2 ro", "grubenv:1: names /dev/vda2"),
        ("/boot/grub/custom.cfg", "linux /v root=/dev/sda3", "custom.cfg:1: names /dev/sda3"),
        ("/etc/initramfs-tools/conf.d/resume", "RESUME=/dev/vda5", "resume:1: names /dev/vda5"),
        ("/etc/dracut.conf.d/a.conf", 'kernel_cmdline="root=/dev/sda1"', "names /dev/sda1"),
        ("/boot/grub2/device.map", "(hd0) /dev/vda\n", "device.map:1: names /dev/vda"),
        ("/etc/uswsusp.conf", "resume device = /dev/sda5\n", "uswsusp.conf:1: names /dev/sda5"),
        (f"{UNITS}/data.mount", "[Mount]\nWhat=/dev/vdb1", "data.mount:2: names /dev/vdb1"),
        (f"{UNITS}/a.swap", "[Swap]\nWhat=/dev/vdb2", "a.swap:2: names /dev/vdb2"),
        (f"{UNITS}/db.service.d/a.conf", "[Unit]\nBindsTo=dev-vdb1.device", "names dev-vdb1.devi"),
        ("/usr/lib/systemd/system/data.mount", "[Mount]\nWhat=/dev/vdb1", "data.mount:2: names"),
    ],
)
def test_a_kernel_name_is_found_with_its_place(path: str, text: str, seen: str) -> None:
    (finding,) = kernel_device_names(FakeFilesystem({**GOOD, path: text}))
    assert seen in str(finding)
    assert text.strip().splitlines()[-1] in str(finding)


@pytest.mark.parametrize(
    "text",
    ["/dev/vdpa/0", "/dev/mapper/vg-root", "/dev/disk/by-label/vda", "/dev/vda-x"],
)
def test_other_paths_below_dev_are_no_kernel_names(text: str) -> None:
    assert KERNEL_NAME.search(text) is None


@pytest.mark.parametrize(
    "tree",
    [
        {
            f"{UNITS}/data.mount": Link("/dev/null"),
            "/usr/lib/systemd/system/data.mount": "[Mount]\nWhat=/dev/vdb1\n",
        },
        {f"{UNITS}/data.mount": "[Mount]\n# What=/dev/vdb1\nWhat=LABEL=data\n"},
        {"/usr/lib/systemd/system/a.service": "[Service]\nExecStart=hdparm /dev/sda\n"},
        {f"{UNITS}/dbus-org.service": Link("/usr/share/doc/a"), "/usr/share/doc/a": "/dev/sda\n"},
        {f"{UNITS}/a.service": "[Unit]\nAfter=dev-disk-by\\x2dlabel-data.device\n"},
    ],
)
def test_units_that_are_not_read_or_name_no_device_are_no_findings(
    tree: Tree,
) -> None:
    assert kernel_device_names(FakeFilesystem(tree)) == ()
