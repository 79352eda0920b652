"""Images with defects, made of a sound one: what a check must see, and a guest must suffer.

They are whole copies: nothing that opens an image follows its backing file.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from builder.accel import detect
from builder.disk import _load_binding

CLOUD = "-cloud-amd64"
"""Ends the releases of Debian's kernel for clouds, which has no driver of any watchdog device."""

AGENT = "/etc/systemd/system/qemu-guest-agent.service"
FSTAB_LINE = "/dev/vda1 / ext4 defaults 0 1"


@dataclass(frozen=True)
class Broken:
    """Two images, so that no defect hides another one."""

    cloud: Path
    """Has the cloud kernel instead of the ordinary one, the guest agent masked, and no boot loader
    for UEFI."""
    rootless: Path
    """Has an initrd without virtio_scsi, and names the root's device in fstab."""
    cloud_release: str
    release: str


def broken_images(image: Path, directory: Path) -> Broken:
    """Make the images in one start of libguestfs' appliance."""
    cloud = host_cloud_release()
    copies = [directory / "cloud.qcow2", directory / "rootless.qcow2"]
    for copy in copies:
        shutil.copyfile(image, copy)
    disks = Disks(copies)
    try:
        disks.mount(0)
        release = replace_kernel(disks.handle, cloud, directory)
        disks.handle.ln_s("/dev/null", AGENT)
        disks.mount(0, "ESP")
        disks.handle.rm_rf("/EFI")
        disks.mount(1)
        remove_from_initrd(disks.handle, f"/boot/initrd.img-{release}", "virtio_scsi", directory)
        fstab = disks.handle.read_file("/etc/fstab").decode()
        disks.handle.write("/etc/fstab", f"{FSTAB_LINE}\n{fstab}".encode())
    finally:
        disks.close()
    return Broken(*copies, cloud_release=cloud, release=release)


def host_cloud_release() -> str:
    """The cloud kernel that this host has for libguestfs' appliance."""
    found = sorted(Path("/lib/modules").glob(f"*{CLOUD}"))
    if not found:
        pytest.skip("this host has no linux-image-cloud-amd64; 'make host' installs it")
    return found[-1].name


class Disks:
    """A libguestfs session that may write."""

    def __init__(self, images: list[Path]) -> None:
        self.handle: Any = _load_binding().GuestFS(python_return_dict=True)
        self.handle.set_backend("direct")
        if detect().name == "tcg":
            self.handle.set_backend_settings(["force_tcg"])
        for image in images:
            self.handle.add_drive_opts(str(image), format="qcow2")
        self.handle.launch()
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
