"""Installed kernels as Debian, Red Hat and SUSE lay them out."""

import pytest
from fakes import FakeFilesystem, Link, Tree
from initrds import RELEASE, TREE, cpio

from builder.feature import CheckSkipped, Kernel
from builder.linux import kernels

MODULES_DEP = """\
kernel/drivers/scsi/virtio_scsi.ko: kernel/drivers/scsi/scsi_mod.ko
kernel/drivers/watchdog/i6300esb.ko.xz:
kernel/drivers/net/virtio-net.ko.zst:
"""
DEBIAN = {
    f"/boot/vmlinuz-{RELEASE}": b"kernel",
    f"/boot/initrd.img-{RELEASE}": cpio(TREE),
    f"/lib/modules/{RELEASE}/modules.builtin": "kernel/drivers/virtio/virtio-ring.ko\n",
    f"/lib/modules/{RELEASE}/modules.dep": MODULES_DEP,
}


def test_a_kernel_of_debian() -> None:
    (kernel,) = kernels.installed(FakeFilesystem(DEBIAN))
    assert kernel.release == RELEASE
    assert kernel.initrd == f"/boot/initrd.img-{RELEASE}"
    assert kernel.builtin == {"virtio_ring"}
    assert kernel.in_initrd == {"virtio_scsi", "virtio_net", "virtio_blk", "virtio_pci"}
    assert kernel.on_disk == {"virtio_scsi", "i6300esb", "virtio_net"}


@pytest.mark.parametrize("name", ["initramfs-{}.img", "initrd-{}"])
def test_initrds_of_other_distributions_are_found(name: str) -> None:
    tree = dict(DEBIAN)
    initrd = "/boot/" + name.format(RELEASE)
    tree[initrd] = tree.pop(f"/boot/initrd.img-{RELEASE}")
    (kernel,) = kernels.installed(FakeFilesystem(tree))
    assert kernel.initrd == initrd
    assert "virtio_scsi" in kernel.in_initrd


def renamed(suffix: str, initrd: str, **more: str) -> FakeFilesystem:
    """Debian's kernel under another name."""
    tree = {**DEBIAN, **{f"/lib/modules/{RELEASE}/{name}": it for name, it in more.items()}}
    tree[f"/boot/vmlinuz-{suffix}"] = tree.pop(f"/boot/vmlinuz-{RELEASE}")
    tree[initrd] = tree.pop(f"/boot/initrd.img-{RELEASE}")
    return FakeFilesystem(tree)


@pytest.mark.parametrize(
    ("suffix", "initrd", "more"),
    [
        ("linux", "/boot/initramfs-linux.img", {"pkgbase": "linux\n", "vmlinuz": ""}),
        ("linux-lts", "/boot/initramfs-linux-lts.img", {"pkgbase": "linux-lts\n"}),
        ("amd64", "/boot/initramfs-amd64", {}),
        (RELEASE, f"/boot/0123456789abcdef/{RELEASE}/initrd", {}),
        (RELEASE, f"/efi/0123456789abcdef/{RELEASE}/initrd.img-{RELEASE}", {}),
    ],
    ids=["Arch", "Arch's long-term kernel", "by flavour", "by machine", "by machine on the ESP"],
)
def test_a_kernel_has_one_release_whatever_its_file_is_called(
    suffix: str, initrd: str, more: dict[str, str]
) -> None:
    (kernel,) = kernels.installed(renamed(suffix, initrd, **more))
    assert (kernel.release, kernel.image) == (RELEASE, f"/boot/vmlinuz-{suffix}")
    assert kernel.initrd == initrd
    assert "i6300esb" in kernel.on_disk
    assert "virtio_scsi" in kernel.in_initrd


def test_two_packages_kernels_are_not_mixed_up() -> None:
    disk = renamed("linux", "/boot/initramfs-linux.img", pkgbase="linux\n")
    disk.tree["/boot/vmlinuz-linux-lts"] = b""
    disk.tree["/lib/modules/6.6.1-1-lts/pkgbase"] = "linux-lts\n"
    assert {kernel.release: kernel.image for kernel in kernels.installed(disk)} == {
        RELEASE: "/boot/vmlinuz-linux", "6.6.1-1-lts": "/boot/vmlinuz-linux-lts"
    }  # fmt: skip


def test_a_kernel_of_no_tree_keeps_its_name() -> None:
    disk = FakeFilesystem({**DEBIAN, "/boot/vmlinuz-other": b""})
    assert [kernel.release for kernel in kernels.installed(disk)] == [RELEASE, "other"]


@pytest.mark.parametrize(
    "name",
    ["vmlinux-{}.gz", "vmlinux-{}.xz", "vmlinuz-{}.old", "vmlinuz-{}.dpkg-bak", "vmlinuz-{}.hmac",
     "vmlinuz-{}~"],
)  # fmt: skip
def test_a_file_beside_a_kernel_is_none(name: str) -> None:
    disk = FakeFilesystem({**DEBIAN, f"/boot/{name.format(RELEASE)}": b""})
    assert [kernel.image for kernel in kernels.installed(disk)] == [f"/boot/vmlinuz-{RELEASE}"]


def test_a_release_that_goes_on_where_another_ends_is_its_own() -> None:
    disk = FakeFilesystem({**DEBIAN, f"/boot/vmlinuz-{RELEASE}.1": b""})
    assert [kernel.release for kernel in kernels.installed(disk)] == [RELEASE, f"{RELEASE}.1"]


def test_a_kernel_in_one_program_with_its_initrd_is_said_to_be_that() -> None:
    tree: Tree = dict(DEBIAN)
    del tree[f"/boot/initrd.img-{RELEASE}"]
    disk = FakeFilesystem({**tree, f"/boot/efi/EFI/Linux/debian-{RELEASE}.efi": b""})
    (kernel,) = kernels.installed(disk)
    assert "one program for UEFI with its kernel" in kernel.initrd_defect


def test_the_image_may_lie_with_its_modules() -> None:
    tree = dict(DEBIAN)
    tree[f"/lib/modules/{RELEASE}/vmlinuz"] = tree.pop(f"/boot/vmlinuz-{RELEASE}")
    tree["/lib/modules/5.10.0-1-amd64/modules.dep"] = "left behind by a removed package"
    assert [kernel.release for kernel in kernels.installed(FakeFilesystem(tree))] == [RELEASE]


def test_modules_are_found_through_a_merged_usr() -> None:
    tree = {path.replace("/lib/modules", "/usr/lib/modules"): it for path, it in DEBIAN.items()}
    (kernel,) = kernels.installed(FakeFilesystem({**tree, "/lib": Link("usr/lib")}))
    assert "i6300esb" in kernel.on_disk


def test_without_modules_dep_the_directory_is_walked() -> None:
    tree = dict(DEBIAN)
    del tree[f"/lib/modules/{RELEASE}/modules.dep"]
    tree[f"/lib/modules/{RELEASE}/kernel/drivers/watchdog/i6300esb.ko.xz"] = b""
    tree[f"/lib/modules/{RELEASE}/build"] = Link("/")
    (kernel,) = kernels.installed(FakeFilesystem(tree))
    assert kernel.on_disk == {"i6300esb"}


def test_every_kernel_is_found_and_a_rescue_copy_is_none() -> None:
    tree = {
        **DEBIAN,
        "/boot/vmlinuz-5.10.0-1-amd64": b"",
        "/boot/vmlinuz-0-rescue-0123456789abcdef": b"",
        "/boot/vmlinuz": Link(f"vmlinuz-{RELEASE}"),
        "/boot/config-4.19.0-1-amd64": b"",
    }
    first, second = kernels.installed(FakeFilesystem(tree))
    assert (first.release, second.release) == ("5.10.0-1-amd64", RELEASE)
    assert first.initrd is None
    assert first.in_initrd == first.on_disk == first.builtin == frozenset()


def test_a_disk_without_kernels_has_none() -> None:
    assert kernels.installed(FakeFilesystem({"/etc/fstab": b""})) == ()


def test_a_broken_initrd_is_told_and_has_no_modules() -> None:
    tree = {**DEBIAN, f"/boot/initrd.img-{RELEASE}": cpio(TREE)[:700]}
    (kernel,) = kernels.installed(FakeFilesystem(tree))
    assert kernel.in_initrd == frozenset()
    assert kernel.initrd_defect.startswith("offset ")


def test_an_initrd_that_ends_behind_its_microcode_is_broken() -> None:
    tree = {**DEBIAN, f"/boot/initrd.img-{RELEASE}": cpio({"kernel/x86/microcode.bin": b"x"})}
    (kernel,) = kernels.installed(FakeFilesystem(tree))
    assert kernel.initrd_defect.startswith("it has no /init")


@pytest.mark.parametrize(
    ("initrd", "defect", "said"),
    [(None, "", "does not exist"), ("/boot/initrd.img", "it is half", "cannot be read")],
)
def test_an_initrd_that_tells_nothing_is_skipped_with_the_reason(
    initrd: str | None, defect: str, said: str
) -> None:
    none: frozenset[str] = frozenset()
    kernel = Kernel("6.1.0", "/boot/vmlinuz-6.1.0", initrd, none, none, none, defect)
    with pytest.raises(CheckSkipped, match=said):
        kernels.require_initrd(kernel)
