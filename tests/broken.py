"""Images with defects, made of a sound one: what a check must see, and a guest must suffer.

They are whole copies: nothing that opens an image follows its backing file.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from writable_disks import open_disks

CLOUD = "-cloud-amd64"
"""Ends the releases of Debian's kernel for clouds, which has no driver of any watchdog device."""

AGENT = "/etc/systemd/system/qemu-guest-agent.service"
GONE_VOLUME = "UUID=0e2f1d3c-0000-4000-8000-000000000001 /data ext4 defaults 0 2\n"
FSTAB_LINE = "/dev/vda1 / ext4 defaults 0 1"


MAC = "fa:16:3e:00:00:01"
UNIT = "/etc/systemd/system"
MASKED = (
    "systemd-networkd.service", "ssh.service", "fstrim.timer", "irqbalance.service",
)  # fmt: skip
GONE = ("/etc/kernel/postinst.d/initramfs-tools", "/etc/modules-load.d/guest-watchdog.conf")
DROP_INS = (
    "systemd-networkd-wait-online.service.d/guest-network.conf",
    "qemu-guest-agent.service.d/guest-agent.conf",
    "watchdog.service.d/guest-watchdog.conf",
)
WRITTEN = {
    "/etc/cloud/cloud-init.disabled": "",
    "/etc/cloud/cloud.cfg.d/99-installer.cfg": (
        "datasource_list: [None]\nnetwork: {config: disabled}\n"
        "growpart: {mode: off}\nchpasswd: {list: ['root:secret']}\n"
    ),
    "/etc/default/watchdog": "run_watchdog=0\n",
    "/etc/hostname": "build-host-7\n",
    "/etc/iscsi/initiatorname.iscsi": "InitiatorName=iqn.1993-08.org.debian:01:1\n",
    "/etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "/etc/os-release": 'ID=debian\nVERSION_ID="11"\n',
    "/etc/modprobe.d/blacklist-watchdog.conf": "blacklist i6300esb\n",
    "/etc/modprobe.d/cis.conf": "install virtio_net /bin/false\n",
    "/etc/netplan/60-static.yaml": f"network: {{ethernets: {{a: {{macaddress: '{MAC}'}}}}}}\n",
    "/etc/qemu/qemu-ga.conf": "[general]\nmethod=isa-serial\n",
    "/etc/shadow": "root::19000:0:99999:7:::\n",
    f"{AGENT}.d/local.conf": (
        "[Service]\nExecStart=\nExecStart=/usr/sbin/qemu-ga -b guest-set-user-password\n"
    ),
    "/etc/ssl/private/server.key": "-----BEGIN PRIVATE KEY-----\n",
    "/etc/systemd/network/00-first.link": (
        "[Match]\nDriver=virtio_net\n[Link]\nCombinedChannels=1\n"
    ),
    "/etc/watchdog.conf": "watchdog-device = /dev/watchdog\nwatchdog-timeout = 10\n",
    # As the image has it, but for what loads the driver in spite of a blacklist.
    "/etc/udev/rules.d/90-guest-watchdog.rules": (
        'SUBSYSTEM=="watchdog", TAG+="systemd", ENV{SYSTEMD_WANTS}+="watchdog.service"\n'
    ),
    "/root/.bash_history": "reboot\n",
    "/var/lib/cloud/seed/nocloud/user-data": "#cloud-config\n",
}


@dataclass(frozen=True)
class Broken:
    """Five images, so that no defect hides another one."""

    cloud: Path
    """Has the cloud kernel instead of the ordinary one, the guest agent masked, no boot loader for
    UEFI, and no licence of ethtool."""
    rootless: Path
    """Has an initrd without virtio_scsi, and names the root's device in fstab."""
    neglected: Path
    """Has everything, and hardly any of it set up: units masked, files gone or with other text."""
    severed: Path
    """Has half an initrd."""
    waiting: Path
    """Has everything, but that its units wait for the network as they do by default."""
    cloud_release: str
    release: str


def broken_images(image: Path, directory: Path) -> Broken:
    """Make the images in one start of libguestfs' appliance."""
    cloud = host_cloud_release()
    names = ("cloud", "rootless", "neglected", "severed", "waiting")
    copies = [directory / f"{name}.qcow2" for name in names]
    for copy in copies:
        shutil.copyfile(image, copy)
    disks = Disks(copies)
    try:
        disks.mount(0)
        release = replace_kernel(disks.handle, cloud, directory)
        disks.handle.ln_s("/dev/null", AGENT)
        disks.handle.rm("/usr/share/doc/ethtool/copyright")
        disks.mount(0, "ESP")
        disks.handle.rm_rf("/EFI")
        disks.mount(1)
        remove_from_initrd(disks.handle, f"/boot/initrd.img-{release}", "virtio_scsi", directory)
        fstab = disks.handle.read_file("/etc/fstab").decode()
        disks.handle.write("/etc/fstab", f"{FSTAB_LINE}\n{fstab}".encode())
        disks.mount(2)
        neglect(disks.handle)
        disks.mount(3)
        initrd = f"/boot/initrd.img-{release}"
        disks.handle.truncate_size(initrd, disks.handle.filesize(initrd) // 2)
        disks.mount(4)
        for path in DROP_INS:
            disks.handle.rm(f"{UNIT}/{path}")
    finally:
        disks.close()
    return Broken(*copies, cloud_release=cloud, release=release)


def neglect(handle: Any) -> None:
    """Undo what the elements have set up."""
    fstab = handle.read_file("/etc/fstab").decode()
    fstab = fstab.replace("defaults", "discard", 1) + GONE_VOLUME
    handle.write("/etc/fstab", fstab.encode())
    configuration = handle.read_file("/boot/grub/grub.cfg").replace(b" console=ttyS0,115200", b"")
    handle.write("/boot/grub/grub.cfg", configuration)
    for name in MASKED:
        handle.ln_sf("/dev/null", f"{UNIT}/{name}")
    for path in GONE:
        handle.rm(path)
    for path, words in WRITTEN.items():
        handle.mkdir_p(str(Path(path).parent))
        handle.rm_f(path)
        handle.write(path, words.encode())


def host_cloud_release() -> str:
    """The cloud kernel that this host has for libguestfs' appliance."""
    found = sorted(Path("/lib/modules").glob(f"*{CLOUD}"))
    if not found:
        pytest.skip("this host has no linux-image-cloud-amd64; 'make host' installs it")
    return found[-1].name


class Disks:
    """A libguestfs session that may write."""

    def __init__(self, images: list[Path]) -> None:
        self.handle = open_disks(images, "qcow2")
        self._labelled: dict[str, list[str]] = {}
        for partition in self.handle.list_partitions():
            self._labelled.setdefault(self.handle.vfs_label(partition), []).append(partition)

    def mount(self, number: int, label: str = "cloudimg-rootfs") -> None:
        """Mount a file system of one of the images, and nothing else."""
        self.handle.umount_all()
        self.handle.mount(self._labelled[label][number], "/")

    def close(self) -> None:
        self.handle.shutdown()
        self.handle.close()


def replace_kernel(handle: Any, cloud: str, scratch: Path) -> str:
    """Put the host's cloud kernel in the place of the only one, and return that one's release."""
    (kernel,) = handle.glob_expand("/boot/vmlinuz-*")
    release: str = kernel.removeprefix("/boot/vmlinuz-")
    for path in handle.glob_expand(f"/boot/*-{release}"):
        handle.rm(path)
    handle.rm_rf(f"/usr/lib/modules/{release}")
    packed = scratch / "kernel.tar"
    modules = Path("/lib/modules").resolve() / cloud
    files = [*Path("/boot").glob(f"*-{cloud}"), modules]
    names = [path.relative_to("/") for path in files]
    subprocess.run(["tar", "--create", "-f", packed, "-C", "/", *names], check=True)
    handle.tar_in(str(packed), "/")
    packed.unlink()
    configuration = handle.read_file("/boot/grub/grub.cfg").replace(
        release.encode(), cloud.encode()
    )
    handle.write("/boot/grub/grub.cfg", configuration)
    return release


def remove_from_initrd(handle: Any, initrd: str, module: str, scratch: Path) -> None:
    """Pack an initrd of one zstd archive anew without a module's file."""
    old, new, tree = scratch / "old", scratch / "new", scratch / "tree"
    handle.download(initrd, str(old))
    tree.mkdir()
    shell = 'zstd -dc "$1" | (cd "$3" && cpio --extract --quiet --make-directories)'
    shell += '; find "$3" -name "$4.ko*" -print -delete'
    shell += '; (cd "$3" && find . | cpio --create --quiet --format=newc) | zstd -q -1 -o "$2"'
    command = ["bash", "-euo", "pipefail", "-c", shell, "bash", old, new, tree, module]
    removed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert len(removed.splitlines()) == 1, removed
    handle.upload(str(new), initrd)
