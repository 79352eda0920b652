"""A disk that every inspection passes, and how it can be changed."""

from collections.abc import Mapping

import firmware_disk
from fakes import FakeFilesystem, Link, Tree
from initrds import cpio
from programs import program

from builder.feature import Volume
from builder.linux import device_drivers

Change = Mapping[str, bytes | str | Link | None]  # None removes the path

RELEASE = firmware_disk.RELEASE
# Kernels of one length, so that INITRD stays an archive when one name replaces the other.
OTHER = "6.1.0-55-amd64"

INITRD_PATH = f"/boot/initrd.img-{RELEASE}"
MODULES_DEP = f"/usr/lib/modules/{RELEASE}/modules.dep"
GRUB_CFG = "/boot/grub/grub.cfg"
BLS_ENTRY = "/boot/loader/entries/a.conf"  # the good disk has none
FSTAB = "/etc/fstab"
UNITS = "/usr/lib/systemd/system"
WANTS = "/etc/systemd/system/multi-user.target.wants"
GETTY = "/etc/systemd/system/getty.target.wants/serial-getty@ttyS1.service"
FSTRIM = "/etc/systemd/system/timers.target.wants/fstrim.timer"
LINK_PATH = "/etc/systemd/network/05-guest-multiqueue.link"
DEFAULT_LINK_PATH = "/usr/lib/systemd/network/99-default.link"
AGENT_RULE = "/usr/lib/udev/rules.d/60-qemu-guest-agent.rules"
WATCHDOG_CONF = "/etc/watchdog.conf"
WATCHDOG_LOAD = "/etc/modules-load.d/guest-watchdog.conf"
NESTING = "/etc/modprobe.d/guest-nested-virtualisation.conf"
NO_NOUVEAU = "/etc/modprobe.d/guest-vgpu.conf"
FILTERS = "/etc/dpkg/dpkg.cfg.d/guest-minimal"
RENDERERS = "/etc/cloud/cloud.cfg.d/95-guest-network.cfg"

INSTALL = "[Install]\nWantedBy=multi-user.target\n"
LINK = "[Match]\nDriver=virtio_net\n\n[Link]\nCombinedChannels=max\nNamePolicy=keep kernel\n"
ISOLATING = (
    "isolcpus=managed_irq,domain,2-N nohz_full=2-N rcu_nocbs=2-N irqaffinity=0-1"  # all but two
)
INITRD = cpio(
    {
        "init": b"",
        **{
            f"usr/lib/modules/{RELEASE}/kernel/{name}.ko": b""
            for name in ("virtio_pci", "virtio_scsi", "sd_mod")
        },
    }
)

VIRTUAL_DRIVERS = "".join(
    f"kernel/{name}.ko:\n"
    for name in sorted(device_drivers.drivers() - {"i6300esb", "tpm_crb", "tpm_tis", "virtio_rng"})
)

GOOD: Tree = {
    "/lib": Link("usr/lib"),
    # the kernel and its boot
    **firmware_disk.GOOD,
    INITRD_PATH: INITRD,
    MODULES_DEP: (
        "kernel/drivers/watchdog/i6300esb.ko.xz:\nupdates/dkms/nvidia.ko:\n"
        "kernel/arch/x86/kvm/kvm.ko:\nkernel/arch/x86/kvm/kvm-amd.ko:\n"
        "kernel/arch/x86/kvm/kvm-intel.ko:\n" + VIRTUAL_DRIVERS
    ),
    f"/usr/lib/modules/{RELEASE}/updates/dkms/nvidia.ko": b"",
    GRUB_CFG: (
        f"linux /boot/vmlinuz-{RELEASE} root=LABEL=cloudimg-rootfs ro console=ttyS0 {ISOLATING}\n"
        f"initrd /boot/initrd.img-{RELEASE}\n"
    ),
    "/boot/grub/i386-pc/normal.mod": b"",
    "/etc/default/grub": 'GRUB_DEVICE="LABEL=cloudimg-rootfs"\n',
    FSTAB: "LABEL=cloudimg-rootfs / ext4 defaults 0 1\nLABEL=ESP /boot/efi vfat x 0 2\n",
    "/usr/sbin/update-initramfs": b"",
    "/etc/kernel/postinst.d/initramfs-tools": b"",
    "/etc/initramfs-tools/initramfs.conf": "# MODULES=dep\nMODULES=most\n",
    "/etc/initramfs-tools/modules": "virtio_scsi\n",
    "/usr/bin/env": program(),
    "/usr/bin/growpart": b"",
    "/usr/sbin/sfdisk": b"",
    "/usr/sbin/resize2fs": b"",
    # identity
    "/etc/os-release": Link("../usr/lib/os-release"),
    "/usr/lib/os-release": '# comment\nID=debian\nVERSION_ID="12"\nNAME="Debian GNU/Linux"\n',
    "/etc/machine-id": b"",
    "/var/lib/dbus/machine-id": Link("/etc/machine-id"),
    "/etc/resolv.conf": Link("../run/systemd/resolve/stub-resolv.conf"),
    "/etc/shadow": "root:!*:20780:0:99999:7:::\nsshd:!:20780::::::\nbin:*:20780:0:99999:7:::\n",
    "/root/.ssh/authorized_keys": b"",
    # services
    **{
        f"{UNITS}/{unit}": INSTALL
        for unit in (
            "cloud-config.service",
            "cloud-final.service",
            "cloud-init-local.service",
            "cloud-init.service",
            "fstrim.timer",
            "irqbalance.service",
            "ssh.service",
            "systemd-networkd.service",
            "systemd-resolved.service",
            "watchdog.service",
        )
    },
    f"{UNITS}/qemu-guest-agent.service": "[Service]\n[Install]\n",
    **{
        f"/etc/systemd/system/cloud-init.target.wants/{unit}.service": Link("x")
        for unit in ("cloud-config", "cloud-final", "cloud-init", "cloud-init-local")
    },
    FSTRIM: Link("x"),
    f"{UNITS}/serial-getty@.service": "[Install]\nWantedBy=getty.target\n",
    GETTY: Link("x"),
    f"{WANTS}/irqbalance.service": Link("x"),
    f"{WANTS}/ssh.service": Link("x"),
    f"{WANTS}/systemd-networkd.service": Link("x"),
    "/etc/systemd/system/sysinit.target.wants/systemd-resolved.service": Link("x"),
    f"{WANTS}/watchdog.service": Link("x"),
    AGENT_RULE: 'TAG+="systemd", ENV{SYSTEMD_WANTS}="qemu-guest-agent.service"\n',
    # what dpkg unpacks
    FILTERS: (
        "# comment\npath-exclude=/usr/share/doc/*\npath-include=/usr/share/doc/*/copyright\n"
        'path-exclude /usr/share/man/*/*\npath-exclude = "/usr/share/info/*"\nforce-unsafe-io\n'
        "path-exclude=/usr/share/locale/*/LC_MESSAGES/*\npath-exclude=*/modules/*/kernel/*\n"
        "path-include=*/virtio_scsi.ko*\n"
    ),
    "/usr/share/doc/bash/copyright": b"",
    "/usr/share/doc/libssl3": Link("openssl"),
    # configuration
    "/etc/cloud/cloud.cfg": "system_info:\n  network:\n    renderers: ['netplan', 'eni']\n",
    RENDERERS: "system_info:\n  network:\n    renderers: [networkd]\n",
    LINK_PATH: LINK,
    DEFAULT_LINK_PATH: "[Match]\nOriginalName=*\n[Link]\nNamePolicy=x\n",
    "/usr/lib/systemd/network/73-usb.link": "[Match]\nDriver=usb*\n[Link]\nNamePolicy=mac\n",
    WATCHDOG_CONF: "# comment\nwatchdog-device\t= /dev/watchdog\nwatchdog-timeout = 30\n",
    "/etc/default/watchdog": 'run_watchdog=1\nwatchdog_module="none"\n',
    WATCHDOG_LOAD: "i6300esb\n",
    NESTING: "# either\noptions kvm_intel nested=1\noptions kvm-amd npt=1 nested=1\n",
    NO_NOUVEAU: "blacklist nouveau\ninstall nouveau /bin/false\n",
    "/etc/default/qemu-guest-agent": '#DAEMON_ARGS="--block-rpcs=guest-set-user-password"\n',
}

VOLUMES = (
    Volume("/dev/sda1", part_label="BIOS", part_scheme="gpt", part_number=1, start=1 << 20),
    Volume("/dev/sda2", "vfat", "ABCD-1234", "ESP", mount_point="/boot/efi", start=2 << 20),
    Volume("/dev/sda3", "ext4", "4f7e4b1c", "cloudimg-rootfs", mount_point="/", start=9 << 20),
)

NO_KERNEL: Change = {firmware_disk.KERNEL: None}


def disk(change: Change) -> FakeFilesystem:
    """The good disk with some paths changed, added or removed."""
    merged = {**GOOD, **change}
    tree = {path: content for path, content in merged.items() if content is not None}
    return FakeFilesystem(tree, volumes=VOLUMES)


def masked(unit: str) -> Change:
    return {f"/etc/systemd/system/{unit}": Link("/dev/null")}


def second_kernel(release: str, **changes: bytes | str | None) -> Change:
    """A second kernel, as good as the first unless something of it is given."""
    tree: dict[str, bytes | str | Link | None] = {
        f"/boot/vmlinuz-{release}": b"kernel",
        f"/boot/initrd.img-{release}": INITRD.replace(RELEASE.encode(), release.encode()),
        f"/usr/lib/modules/{release}/modules.dep": GOOD[MODULES_DEP],
    }
    names = {
        "initrd": f"/boot/initrd.img-{release}",
        "dep": f"/usr/lib/modules/{release}/modules.dep",
    }
    return {**tree, **{names[name]: content for name, content in changes.items()}}


ARCH_RELEASE = "6.12.1-arch1-1"
ARCH_KERNEL: Change = {
    **NO_KERNEL,
    INITRD_PATH: None,
    firmware_disk.BUILTIN: None,
    MODULES_DEP: None,
    f"/usr/lib/modules/{RELEASE}/updates/dkms/nvidia.ko": None,
    "/boot/vmlinuz-linux": b"kernel",
    "/boot/initramfs-linux.img": INITRD.replace(RELEASE.encode(), ARCH_RELEASE.encode()),
    f"/usr/lib/modules/{ARCH_RELEASE}/pkgbase": "linux\n",
    f"/usr/lib/modules/{ARCH_RELEASE}/vmlinuz": b"",
    f"/usr/lib/modules/{ARCH_RELEASE}/modules.dep": "kernel/drivers/watchdog/i6300esb.ko.zst:\n",
    "/boot/initramfs-linux-fallback.img": b"",
    GRUB_CFG: (
        "linux /boot/vmlinuz-linux root=UUID=x rw\ninitrd /boot/initramfs-linux.img\n"
        "linux /boot/vmlinuz-linux root=UUID=x rw\ninitrd /boot/initramfs-linux-fallback.img\n"
    ),
}
"""In place of the good disk's kernel: one whose file is called after its package, as Arch does."""
