"""What boots, and finds its root."""

from collections.abc import Iterator

import pytest
from check_cases import Case, broken_disk, good_disk, good_disks
from fakes import Link
from firmware_disk import GRUB, KERNEL, LOADER, SIGNED, mounted_at
from good_disk import (
    ARCH_KERNEL,
    ARCH_RELEASE,
    BLS_ENTRY,
    FSTAB,
    GRUB_CFG,
    INITRD,
    INITRD_PATH,
    NO_KERNEL,
    OTHER,
    RELEASE,
    second_kernel,
)
from programs import program

from builder.features.inspections import boot


def disks() -> Iterator[Case]:
    yield from good_disks(boot.INSPECTIONS)
    check = boot.initrds_are_whole
    yield broken_disk(check, "no kernel", NO_KERNEL, "no kernel is installed")
    yield broken_disk(
        check,
        "no initrd",
        {INITRD_PATH: None},
        f"kernel {RELEASE} has no initrd in /boot, and finds",
    )
    yield broken_disk(
        check, "cut off", {INITRD_PATH: INITRD[:200]}, f"({INITRD_PATH}) cannot be read: offset "
    )
    package = "called after its package"
    yield good_disk(check, package, ARCH_KERNEL, "/boot/initramfs-linux.img can be")
    check = boot.drivers_can_be_loaded
    yield broken_disk(
        check,
        "never",
        {"/etc/modprobe.d/cis.conf": "# 1.1\ninstall virtio_pci /bin/false\n"},
        "/etc/modprobe.d/cis.conf:2: has '/bin/false' run to load virtio_pci, and kernel",
    )

    check = boot.initrd_is_renewed
    maker, hook = "/usr/sbin/update-initramfs", "/etc/kernel/postinst.d/initramfs-tools"
    yield broken_disk(check, "nothing makes it", {maker: None}, "installed: none")
    yield broken_disk(
        check, "two make it", {"/usr/bin/dracut": b""}, "installed: initramfs-tools and dracut"
    )
    yield broken_disk(check, "nothing runs it", {hook: None}, f"there is no {hook}")
    yield broken_disk(
        check,
        "for one machine",
        {"/etc/initramfs-tools/conf.d/driver-policy": "MODULES=dep\n"},
        "has MODULES=dep), and is not told to add virtio_blk, virtio_net, virtio_pci",
    )

    check = boot.release_on_disk_is_as_claimed
    release = "/usr/lib/os-release"
    yield broken_disk(
        check, "another version", {release: "ID=debian\nVERSION_ID=13\n"}, "says 'debian 13'"
    )
    yield broken_disk(
        check,
        "no file",
        {release: None},
        "says '? without a version', the image claims 'debian 12'",
    )
    never_released = {release: "ID=debian\nVERSION_CODENAME=forky\n"}
    yield good_disk(
        check, "never released", never_released, "says debian without a version", os_version=""
    )
    yield broken_disk(
        check, "released", {}, "says 'debian 12', the image claims 'debian without a", os_version=""
    )
    yield broken_disk(
        check, "an open quote", {release: 'ID="debian\n'}, "the image claims 'debian 12'"
    )
    check = boot.programs_are_as_claimed
    arm = {"/usr/bin/env": program("aarch64")}
    yield broken_disk(
        check, "another architecture", arm, "are built for aarch64, the image claims x86_64"
    )
    yield broken_disk(
        check, "no program", {"/usr/bin/env": None}, "are built for no known architecture"
    )


def boot_loaders() -> Iterator[Case]:
    check = boot.boot_loader_is_complete
    yield broken_disk(check, "no grub.cfg", {GRUB_CFG: None}, "GRUB has no configuration")
    yield broken_disk(check, "no UEFI", {LOADER: None}, "UEFI finds no boot loader")
    yield broken_disk(
        check, "no BIOS", {"/boot/grub/i386-pc/normal.mod": None}, "BIOS cannot start GRUB"
    )
    yield broken_disk(check, "no kernel", NO_KERNEL, "no kernel is installed")
    yield broken_disk(
        check, "a kernel is left out", second_kernel(OTHER), f"has no entry for kernel {OTHER}"
    )
    yield broken_disk(
        check,
        "a kernel has no BLS entry",
        {GRUB_CFG: "blscfg\n", BLS_ENTRY: "linux /vmlinuz-5.14\n"},
        f"has no entry for kernel {RELEASE}",
    )
    cause = f"has no entry for kernel {ARCH_RELEASE}"
    other = {**ARCH_KERNEL, GRUB_CFG: "linux /boot/vmlinuz-linux-lts root=UUID=x rw\n"}
    yield broken_disk(check, "an entry for another package's kernel", other, cause)
    half = {KERNEL: SIGNED[:0x300]}
    cause = f"kernel {RELEASE} cannot be started: {KERNEL} is cut off: it has "
    yield broken_disk(check, "half a kernel", half, cause)
    yield broken_disk(check, "an empty kernel", {KERNEL: b""}, f"{KERNEL} is empty; install the")
    nowhere = {KERNEL: Link("/var/none")}
    yield broken_disk(check, "a kernel elsewhere", nowhere, "is a link to a file that does not ex")
    entry = {GRUB_CFG: f"linux /vmlinuz-{RELEASE} ro\nlinux /vmlinuz-{OTHER} ro\n"}
    cause = f"{GRUB_CFG}:2: starts /vmlinuz-{OTHER}, which does not exist; configure the boot"
    yield broken_disk(check, "a kernel that was removed", entry, cause)
    link = {"/vmlinuz": Link("boot/vmlinuz-0")}
    cause = "/vmlinuz leads to boot/vmlinuz-0, which does not exist; remove it, or install"
    yield broken_disk(check, "a link to none", link, cause)
    systemd_boot = {GRUB_CFG: None, "/boot/efi/loader/entries/a.conf": "title a\n"}
    cause = "there is no GRUB: /boot/efi/loader/entries is of syst"
    yield broken_disk(check, "systemd-boot", systemd_boot, cause)
    cause = "no known name of a boot loader for s390x"
    yield broken_disk(check, "an unknown architecture", {}, cause, architecture="s390x")


def complete_boot_loaders() -> Iterator[Case]:
    check = boot.boot_loader_is_complete
    both = "GRUB for BIOS and UEFI"
    entry = {GRUB_CFG: "blscfg\n", BLS_ENTRY: f"linux /vmlinuz-{RELEASE}\n"}
    yield good_disk(check, "a BLS entry", entry, f"starts {RELEASE}")
    rescue = {GRUB_CFG: f"linux (hd0)/vmlinuz-{RELEASE}\nlinux /vmlinuz-0-rescue-1 ro\n"}
    yield good_disk(check, "a rescue kernel that is gone", rescue, f"starts {RELEASE}")
    unified = {**rescue, GRUB_CFG: f"blscfg\nlinux /vmlinuz-{RELEASE}\n", BLS_ENTRY: "efi /a.efi\n"}
    yield good_disk(check, "an entry of another kind", unified, f"starts {RELEASE}")
    link = {"/vmlinuz": Link(f"boot/vmlinuz-{RELEASE}"), "/vmlinuz.old": Link("boot/vmlinuz-0")}
    yield good_disk(check, "a link to it", link, f"starts {RELEASE}")
    lower = {LOADER: None, GRUB: None, "/boot/efi/EFI/Boot/bootx64.efi": b""}
    yield good_disk(check, "names in lower case", lower, both)
    for place in ("/efi", "/boot"):
        yield good_disk(check, f"an ESP at {place}", mounted_at(place), both)
    seen = f"{both} starts {ARCH_RELEASE}"
    yield good_disk(check, "a kernel called after its package", ARCH_KERNEL, seen)
    arm = {"/boot/grub/i386-pc/normal.mod": None, "/boot/efi/EFI/BOOT/BOOTAA64.EFI": b""}
    seen = f"GRUB for UEFI starts {RELEASE}"
    yield good_disk(check, "ARM has no BIOS", arm, seen, architecture="aarch64")


def devices() -> Iterator[Case]:
    check = boot.no_kernel_device_names
    yield broken_disk(
        check, "fstab", {FSTAB: "/dev/vda1 / ext4 x\n"}, "/etc/fstab:1: names /dev/vda1"
    )
    yield broken_disk(check, "GRUB", {GRUB_CFG: "linux root=/dev/sda3"}, "names /dev/sda3")
    check = boot.boot_finds_its_devices
    yield broken_disk(
        check,
        "fstab",
        {FSTAB: "LABEL=cloudimg-rootfs / ext4 x\nUUID=0 /data ext4 x\n"},
        "/etc/fstab:2: names UUID=0, which this disk has not: the boot waits for it 90 s",
    )
    check = boot.console_is_serial
    yield broken_disk(
        check,
        "none",
        {GRUB_CFG: f"linux /boot/vmlinuz-{RELEASE} ro console=tty0\n"},
        "/boot/grub/grub.cfg:1: gives the kernel console=tty0: the console's log stays empty",
    )


@pytest.mark.parametrize(
    "case", [*disks(), *boot_loaders(), *complete_boot_loaders(), *devices()], ids=str
)
def test_a_check_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()
