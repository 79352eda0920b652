"""Devices that a boot waits for in vain are named, wherever they are named; others are not."""

import pytest
from fakes import FakeFilesystem, Link, Tree

from builder.feature import Volume
from builder.linux.devices import missing

VOLUMES = (
    Volume("/dev/sda1", part_scheme="gpt", part_uuid="p1"),
    Volume("/dev/sda2", "vfat", "ABCD-1234", "ESP", "p2", "EFI System", mount_point="/boot/efi"),
    Volume("/dev/sda3", "ext4", "aa-bb", "root fs", "p3", mount_point="/"),
    Volume("/dev/sda4", "swap", "cc-dd", "", "p4"),
    Volume("/dev/my-group/data", "xfs", "ee-ff"),
    Volume("/dev/sda5", "ext4", "11-22", "twin"),
    Volume("/dev/sda6", "ext4", "33-44", "twin"),
)
UNIT = "/etc/systemd/system/data.mount"
GRUB = "/boot/grub/grub.cfg"
ENTRY = "/boot/loader/entries/a.conf"


def found(tree: Tree) -> list[str]:
    return list(missing(FakeFilesystem(tree, volumes=VOLUMES)))


@pytest.mark.parametrize(
    ("path", "content", "seen"),
    [
        ("/etc/fstab", "# x\nUUID=00 /data ext4 defaults 0 2\n", "/etc/fstab:2: names UUID=00, wh"),
        ("/etc/fstab", "UUID=cc-ee none swap sw 0 0\n", "/etc/fstab:1: names UUID=cc-ee, which"),
        ("/etc/fstab", "LABEL=none /boot/efi vfat nofail 0 2\n", "names LABEL=none, which this"),
        ("/etc/fstab", "PARTUUID=p9 /data ext4\n", "names PARTUUID=p9, which this disk has not"),
        ("/etc/fstab", "/dev/disk/by-uuid/00 /data ext4\n", "by-uuid/00, which this disk has not"),
        ("/etc/fstab", "/dev/disk/by-id/virtio-1 /data ext4\n", "a name of one machine only"),
        ("/etc/fstab", "/dev/disk/by-path/pci-0 /data ext4\n", "a name of one machine only"),
        ("/etc/fstab", "/dev/mapper/vg-home /home xfs\n", "/dev/mapper/vg-home, which this disk"),
        ("/etc/fstab", "/dev/vg/home /home xfs\n", "/dev/vg/home, which this disk has not"),
        ("/etc/fstab", "LABEL=twin /data ext4\n", "/dev/sda5 and /dev/sda6 have both"),
        ("/etc/fstab", "LABEL=ESP / ext4 x 0 1\n", "which is not the root but vfat: the initrd"),
        ("/etc/fstab", "UUID=aa-bb /data xfs x 0 0\n", "as xfs, which is ext4: the boot waits"),
        ("/etc/fstab", "/swap.img none swap sw 0 0\n", "names /swap.img, which does not exist"),
        ("/etc/crypttab", "secret UUID=00 none luks\n", "/etc/crypttab:1: names UUID=00, which"),
        (UNIT, "[Unit]\n[Mount]\nWhere=/data\nWhat=LABEL=none\n", f"{UNIT}:4: names LABEL=none"),
        (f"{UNIT}.d/a.conf", "[Mount]\nWhat=/dev/disk/by-label/x\n", "a.conf:2: names /dev/disk/b"),
        ("/usr/lib/systemd/system/a.swap", "[Swap]\nWhat=UUID=00\n", "a.swap:2: names UUID=00, wh"),
        (GRUB, "\n linux /vmlinuz root=UUID=00 ro\n", f"{GRUB}:2: names UUID=00, which this disk"),
        (GRUB, "linux /vmlinuz root=LABEL=ESP\n", "which is not the root but vfat"),
        (GRUB, "linux /vmlinuz resume=UUID=00\n", "names UUID=00, which this disk has not: the i"),
        (GRUB, "set o='root=UUID=00'\nlinux /vmlinuz $o\n", f"{GRUB}:2: names UUID=00"),
        (GRUB, "search --no-floppy --fs-uuid --set=root --hint=x 00\n", "UUID=00, which this disk"),
        (GRUB, "search.fs_label none root\n", "names LABEL=none, which this disk has not: GRUB"),
        ("/boot/efi/EFI/debian/grub.cfg", "search.fs_uuid 00 root hd0\n", "grub.cfg:1: names UUID"),
        (ENTRY, "linux /vmlinuz\noptions root=PARTLABEL=none\n", f"{ENTRY}:2: names PARTLABEL=no"),
        (ENTRY, "linux /vmlinuz\noptions rd.lvm.lv=rl/root\n", "names /dev/rl/root, which this"),
        (ENTRY, "linux /vmlinuz\noptions rd.luks.uuid=luks-00\n", "names UUID=00, which this"),
        ("/etc/kernel/cmdline", "root=UUID=00 ro\n", "/etc/kernel/cmdline:1: names UUID=00"),
        ("/etc/default/grub", 'GRUB_CMDLINE_LINUX="resume=UUID=00"\n', "grub:1: names UUID=00"),
        ("/etc/default/grub.d/a.cfg", 'GRUB_DEVICE="LABEL=none"\n', "a.cfg:1: names LABEL=none"),
        ("/etc/initramfs-tools/conf.d/resume", "RESUME=UUID=00\n", "conf.d/resume:1: names UUID"),
        (
            "/etc/fstab",
            "/dev/md0 /data ext4\n",
            "names /dev/md0, which this disk has not: the boot",
        ),
        (
            "/etc/fstab",
            "/dev/md/host:data /data ext4\n",
            "names /dev/md/host:data, which this disk",
        ),
        (GRUB, "linux /vmlinuz rd.lvm.lv=cl/swap rd.lvm.lv=my-group/data\n", "names /dev/cl/swap"),
        (GRUB, "linux /vmlinuz rd.luks.name=00=secret\n", "names UUID=00, which this disk has not"),
        (GRUB, "linux /vmlinuz rd.md.uuid=1:2:3:4\n", "by-id/md-uuid-1:2:3:4, which this disk has"),
        (GRUB, "linux /vmlinuz systemd.mount-extra=UUID=00:/data:ext4\n", "names UUID=00, which"),
        (GRUB, "if true; then search --fs-uuid --set=root 00; fi\n", f"{GRUB}:1: names UUID=00"),
        (
            GRUB,
            "linux /vmlinuz rd.lvm.vg=cl rd.lvm.vg=my-group\n",
            f"{GRUB}:1: names /dev/cl/, whic",
        ),
        (
            GRUB,
            "linux /vmlinuz rd_LVM_VG=cl\n",
            "names /dev/cl/, which this disk has not: the initr",
        ),
        (
            GRUB,
            "linux /vmlinuz rd.luks.partuuid=luks-p9\n",
            "names PARTUUID=p9, which this disk has",
        ),
        (GRUB, "linux /vmlinuz luks.uuid=00\n", "names UUID=00, which this disk has not: the boot"),
        ("/etc/default/grub", 'GRUB_CMDLINE_LINUX="rd.lvm.vg=cl"\n', "grub:1: names /dev/cl/"),
        (
            "/etc/uswsusp.conf",
            "# x\nresume device = /dev/disk/by-uuid/00\n",
            "uswsusp.conf:2: name",
        ),
        (
            "/boot/grub/device.map",
            "(hd0)\t/dev/disk/by-id/ata-1\n",
            "a name of one machine only: G",
        ),
        ("/etc/crypttab.initramfs", "secret UUID=00 none luks\n", "initramfs:1: names UUID=00"),
        ("/etc/default/grub", 'GRUB_CMDLINE_LINUX="rd.lvm.lv=cl/root"\n', "names /dev/cl/root"),
    ],
)
def test_what_is_not_there_is_named_with_its_line(path: str, content: str, seen: str) -> None:
    said = found({UNIT: "[Mount]\n", path: content})
    assert [line for line in said if seen in line], said
    assert len(said) == 1


@pytest.mark.parametrize(
    "tree",
    [
        {"/etc/fstab": 'UUID="AA-BB" / ext3 x 0 1\nUUID=abcd-1234 /boot/efi vfat x 0 2\n'},
        {"/etc/fstab": "LABEL=root\\040fs / ext4 x 0 1\n/dev/my-group/data /d xfs x 0 0\n"},
        {"/etc/fstab": "/dev/disk/by-label/root\\x20fs / auto x 0 1\n"},
        {"/etc/fstab": "UUID=00 /data ext4 nofail 0 2\nLABEL=none /mnt ext4 noauto 0 0\n"},
        {"/etc/fstab": "tmpfs /tmp tmpfs\nhost:/export /srv nfs _netdev\nproc /proc proc\n"},
        {"/etc/fstab": "/swap.img none swap sw 0 0\n", "/swap.img": b""},
        {"/etc/fstab": "/run/x /srv none bind\nUUID=cc-dd none swap sw\n"},
        {"/etc/fstab": "/dev/mapper/my--group-data /data xfs\n"},
        {"/etc/crypttab": "secret UUID=00 none luks,nofail\n"},
        {
            "/etc/crypttab": "home UUID=11-22 none luks\n",
            "/etc/fstab": "/dev/mapper/home /home ext4\n",
        },
        {UNIT: Link("/dev/null"), "/usr/lib/systemd/system/data.mount": "[Mount]\nWhat=UUID=00\n"},
        {UNIT: "[Mount]\nWhat=UUID=00\n", f"{UNIT}.d/a.conf": "[Mount]\nWhat=LABEL=ESP\n"},
        {
            UNIT: "[Unit]\nConditionPathExists=/dev/disk/by-label/x\n"
            "[Mount]\nWhat=/dev/disk/by-label/x\n"
        },
        {"/usr/lib/systemd/system/tmp.mount": "[Mount]\nWhat=tmpfs\nType=tmpfs\n"},
        {GRUB: "linux /vmlinuz root=UUID=aa-bb resume=UUID=cc-dd\nlinux16 /memtest root=UUID=0\n"},
        {GRUB: "linux /vmlinuz root=UUID=00 root=PARTUUID=p3\n"},
        {GRUB: "search --no-floppy --fs-uuid --set=root aa-bb\nsearch -f /x\n# search.fs_uuid 0"},
        {GRUB: "linux /vmlinuz root=LABEL=root\\ fs\n", ENTRY: "options root=UUID=00\n"},
        {"/etc/initramfs-tools/conf.d/resume": "RESUME=none\n"},
        {
            "/etc/initramfs-tools/conf.d/resume": "RESUME=UUID=00\n",
            GRUB: "linux /vmlinuz root=UUID=aa-bb resume=UUID=00 noresume\n",
        },
        {GRUB: "linux /vmlinuz rd.lvm.vg=my-group rd.lvm=1 rd_LVM_LV=my-group/data\n"},
        {"/etc/uswsusp.conf": "resume device = /dev/disk/by-uuid/cc-dd\nimage size = 1\n"},
        {GRUB: "linux /vmlinuz rd.lvm=0 rd.lvm.vg=cl rd.luks=0 rd.luks.uuid=00\n"},
        {"/etc/fstab": "host:/ /srv nfs _netdev 0 0\n/proc/ /srv/proc none bind 0 0\n"},
        {"/etc/uswsusp.conf": "#resume device = /dev/disk/by-uuid/00\n"},
        {
            "/etc/uswsusp.conf": "resume device = /dev/disk/by-uuid/00\n",
            GRUB: "linux /vmlinuz root=UUID=aa-bb noresume\n",
        },
        {"/boot/grub/device.map": "(hd0) /dev/disk/by-uuid/aa-bb\n# (hd1) /dev/disk/by-id/x\n"},
        {GRUB: "search --fs-uuid --set=root aa-bb; set prefix=($root)/boot/grub\n"},
        {
            "/etc/initramfs-tools/conf.d/a": "RESUME=UUID=00\n",
            "/etc/initramfs-tools/conf.d/resume": "RESUME=auto\n",
        },
    ],
)
def test_what_is_there_or_may_be_missing_is_not_named(tree: Tree) -> None:
    assert found(tree) == []


def test_an_array_may_be_there_where_it_has_members() -> None:
    member = Volume("/dev/sdb", "linux_raid_member")
    disk = FakeFilesystem({"/etc/fstab": "/dev/md127 /data xfs\n"}, volumes=(member,))
    assert list(missing(disk)) == []
