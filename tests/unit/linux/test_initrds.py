"""A kernel whose initrd is gone, cut off or another one's is told; one that needs none is not."""

import pytest
from fakes import FakeFilesystem, Link, Tree
from initrds import RELEASE, TREE, cpio

from builder.feature import CheckFailed
from builder.linux.initrds import require_whole

INITRD = f"/boot/initrd.img-{RELEASE}"
GRUB = "/boot/grub/grub.cfg"
OTHER = "6.1.0-55-amd64"
BUILTIN = f"/lib/modules/{RELEASE}/modules.builtin"
GOOD: Tree = {
    f"/boot/vmlinuz-{RELEASE}": b"",
    INITRD: cpio(TREE),
    GRUB: f"linux /boot/vmlinuz-{RELEASE} ro\ninitrd {INITRD}\n",
}


def whole(change: dict[str, bytes | str | Link | None]) -> str:
    merged = {**GOOD, **change}
    tree = {path: content for path, content in merged.items() if content is not None}
    return require_whole(FakeFilesystem(tree))


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({INITRD: None}, f"kernel {RELEASE} has no initrd in /boot, and finds no root alone; make"),
        ({INITRD: Link("nowhere")}, "has no initrd in /boot"),
        ({INITRD: cpio(TREE)[:700]}, f"({INITRD}) cannot be read: offset"),
        ({INITRD: b""}, "cannot be read: offset 0: expected a cpio archive, found 0 bytes"),
        ({INITRD: cpio({"kernel/x86/microcode": b""})}, "cannot be read: it has no /init"),
        ({INITRD: b"<html>not found"}, "cannot be read: offset 0: expected a cpio archive"),
        (
            {GRUB: f"linux /boot/vmlinuz-{RELEASE} ro\n"},
            f"{GRUB}:1: starts /boot/vmlinuz-{RELEASE} without its initrd",
        ),
        (
            {GRUB: f"linux /vmlinuz-{RELEASE} ro\ninitrd /initrd.img-{OTHER}\n"},
            f"with /initrd.img-{OTHER}, not with its initrd {INITRD}",
        ),
        (
            {GRUB: f"linux /boot/vmlinuz-{RELEASE} ro\ninitrd /boot/amd-ucode.img {INITRD}\n"},
            "names /boot/amd-ucode.img, which does not exist",
        ),
        (
            {GRUB: f"linux /@/boot/vmlinuz-{RELEASE}\ninitrd /@/boot/initrd.img-{RELEASE}\n"},
            f"names /@/boot/initrd.img-{RELEASE}, which does not exist",
        ),
        (
            {
                f"/boot/vmlinuz-{OTHER}": b"",
                f"/boot/initrd.img-{OTHER}": cpio(TREE),
            },
            f"the initrd of kernel {OTHER} (/boot/initrd.img-{OTHER}) has no module of it",
        ),
        (
            {GRUB: "blscfg\n", "/boot/loader/entries/a.conf": f"linux /vmlinuz-{RELEASE}\n"},
            "/boot/loader/entries/a.conf:1: starts",
        ),
        (
            {f"/boot/vmlinuz-{OTHER}": b""},
            f"kernel {OTHER} has no initrd in /boot, and finds no root alone",
        ),
    ],
)
def test_a_kernel_without_its_initrd_is_told(
    change: dict[str, bytes | str | Link | None], seen: str
) -> None:
    with pytest.raises(CheckFailed) as failure:
        whole(change)
    assert seen in str(failure.value)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {INITRD: None, BUILTIN: "k/virtio_pci.ko\nk/virtio_blk.ko\n"},
        {
            INITRD: cpio({"kernel/x86/microcode": b""}),
            BUILTIN: "k/virtio_pci.ko\nk/virtio_blk.ko\n",
        },
        {GRUB: f"linux ($root)/vmlinuz-{RELEASE}\ninitrd ($root)/initrd.img-{RELEASE}\n"},
        {  # Debian's installer on btrfs
            GRUB: f"linux /@rootfs/boot/vmlinuz-{RELEASE}\ninitrd /@rootfs{INITRD}\n",
            "/etc/fstab": "UUID=1 / btrfs defaults,subvol=@rootfs 0 0\n",
        },
        {
            GRUB: f"linux /@boot/vmlinuz-{RELEASE}\ninitrd /@boot/initrd.img-{RELEASE}\n",
            "/etc/fstab": "UUID=1 / btrfs subvol=/@ 0 0\nUUID=1 /boot btrfs subvol=/@boot 0 0\n",
        },
        {
            GRUB: f"linux /boot/vmlinuz-{RELEASE}\ninitrd /boot/ucode.img {INITRD}\n",
            "/boot/ucode.img": b"",
        },
        {
            GRUB: "blscfg\n",
            "/boot/loader/entries/a.conf": (
                f"linux /vmlinuz-{RELEASE}\ninitrd /initrd.img-{RELEASE} $tuned_initrd\n"
            ),
        },
        {"/boot/vmlinuz-0-rescue-0123": b""},
        {
            # Ubuntu's tries it without, and again with it
            GRUB: f"linux /boot/vmlinuz-{RELEASE} panic=-1\nlinux /boot/vmlinuz-{RELEASE}\n"
            f"initrd {INITRD}\n",
            BUILTIN: "k/virtio_pci.ko\nk/virtio_blk.ko\n",
        },
        {INITRD: None, f"/boot/initramfs-{RELEASE}.img": cpio(TREE), GRUB: "set default=0\n"},
    ],
)
def test_a_kernel_that_gets_its_initrd_or_needs_none_passes(
    change: dict[str, bytes | str | Link | None],
) -> None:
    assert whole(change)
