"""The kernels that a boot loader starts, with their arguments, in GRUB's file and in entries."""

from fakes import FakeFilesystem

from builder.linux.bootentries import Entry, arguments, entries

GRUB = "/boot/grub/grub.cfg"
BLOCK = "/boot/loader/entries/a.conf"
DEBIAN = """\
set default="0"
set extra='quiet  splash'
menuentry 'Debian' {
    search --no-floppy --fs-uuid --set=root aa-bb
    linux   /boot/vmlinuz-6.1 root=LABEL=x ro "a b" ${extra} $unknown
    initrd  /boot/initrd.img-6.1
}
menuentry 'Debian (recovery mode)' {
    linux /boot/vmlinuz-6.1 root=LABEL=x ro single
    initrd /boot/early /boot/initrd.img-6.1
}
menuentry 'Memory test' { linux16 /boot/memtest86+.bin }
# linux /boot/vmlinuz-commented
"""


def test_entries_of_grubs_own_file() -> None:
    first, second = entries(FakeFilesystem({GRUB: DEBIAN}))
    assert first == Entry(
        GRUB,
        5,
        "/boot/vmlinuz-6.1",
        ("/boot/initrd.img-6.1",),
        ("root=LABEL=x", "ro", "a b", "quiet", "splash", "$unknown"),
    )
    assert not first.is_for_recovery
    assert second.is_for_recovery
    assert second.initrds == ("/boot/early", "/boot/initrd.img-6.1")
    assert (first.value("root"), first.value("resume")) == ("LABEL=x", None)


def test_entries_of_their_own_count_where_grub_reads_them() -> None:
    block = "title A\nlinux /vmlinuz-5.14\ninitrd /initramfs\noptions ro $kernelopts\noptions b\n"
    tree = {"/boot/grub2/grub.cfg": "blscfg\n", BLOCK: block}
    (entry,) = entries(FakeFilesystem({**tree, "/boot/grub2/grubenv": "kernelopts=root=LABEL=x\n"}))
    assert entry == Entry(BLOCK, 5, "/vmlinuz-5.14", ("/initramfs",), ("ro", "root=LABEL=x", "b"))
    assert len(entries(FakeFilesystem({GRUB: DEBIAN, BLOCK: block}))) == 2


def test_arguments_of_kernels_to_come_are_told_with_their_places() -> None:
    tree = {
        GRUB: DEBIAN.replace("${extra}", ""),
        "/etc/default/grub": '# x\nGRUB_CMDLINE_LINUX="a=1 b"\nGRUB_TIMEOUT=1\n',
        "/etc/kernel/cmdline": "c\n",
        "/etc/dracut.conf.d/a.conf": 'kernel_cmdline+=" d=2 "\n',
    }
    told = list(arguments(FakeFilesystem(tree)))
    assert (f"{GRUB}:5", "root=LABEL=x") in told
    assert (f"{GRUB}:9", "single") not in told
    for place in (
        ("/etc/default/grub:2", "a=1"),
        ("/etc/default/grub:2", "b"),
        ("/etc/kernel/cmdline:1", "c"),
        ("/etc/dracut.conf.d/a.conf:1", "d=2"),
    ):
        assert place in told
