"""fstab is read as mount(8) reads it; the kernel's device names are found wherever they hide."""

import pytest
from fakes import FakeFilesystem

from builder.linux.fstab import KERNEL_NAME, Mount, kernel_device_names, mounts, parse_fstab

GOOD = {
    "/etc/fstab": "LABEL=root / ext4 defaults,discard 0 1\nLABEL=ESP /boot/efi vfat nofail 0 1\n",
    "/etc/crypttab": "data UUID=0123 none luks\n",
    "/etc/default/grub": '# root=/dev/sda1 would be wrong\nGRUB_DEVICE="LABEL=root"\n',
    "/boot/grub/grub.cfg": "  linux /boot/vmlinuz root=LABEL=root ro console=ttyS0\n",
}


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
    ],
)
def test_a_kernel_name_is_found_with_its_place(path: str, text: str, seen: str) -> None:
    (finding,) = kernel_device_names(FakeFilesystem({**GOOD, path: text}))
    assert seen in str(finding)
    assert text.strip() in str(finding)


@pytest.mark.parametrize(
    "text",
    ["/dev/vdpa/0", "/dev/mapper/vg-root", "/dev/disk/by-label/vda", "/dev/vda-x"],
)
def test_other_paths_below_dev_are_no_kernel_names(text: str) -> None:
    assert KERNEL_NAME.search(text) is None
