"""Disks that are laid out otherwise: btrfs with snapshots, an ESP elsewhere, for other machines."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from programs import program
from writable_disks import open_disks

from builder.adopt.distribution import distribution_of
from builder.cli.verbs import cli
from builder.errors import ImageError
from builder.image.filesystem import open_image
from builder.linux import esp

pytestmark = pytest.mark.integration

SIZE = 192 << 20
ESP_END, ROOT_START = 69631, 69632  # sectors of 512 bytes
SNAPSHOT = "@/.snapshots/{}/snapshot"
ARCH_RELEASE = "6.12.1-arch1-1"

Files = Mapping[str, str | bytes]


def system(name: str, version: str, fstab: str, architecture: str = "x86_64") -> Files:
    """As much of a Linux as libguestfs wants to see of one."""
    return {
        "/etc/os-release": f"ID={name}\nVERSION_ID={version}\nNAME={name}\n" if version
        else f"ID={name}\nNAME={name}\n",
        "/etc/fstab": fstab,
        "/bin/sh": program(architecture),
        "/var/x": "",
    }  # fmt: skip


class Maker:
    """A libguestfs session that makes disks, one after the other."""

    def __init__(self, images: list[Path]) -> None:
        for image in images:
            with image.open("wb") as file:
                file.truncate(SIZE)
        self.handle = open_disks(images, "raw")

    def partition(self, disk: str, kind: str, loader: str) -> str:
        """Make an ESP with a loader and a partition for the root, and return the latter."""
        handle = self.handle
        handle.part_init(disk, "gpt")
        handle.part_add(disk, "p", 2048, ESP_END)
        handle.part_set_gpt_type(disk, 1, "C12A7328-F81F-11D2-BA4B-00A0C93EC93B")
        handle.part_add(disk, "p", ROOT_START, -2048)
        handle.mkfs("vfat", f"{disk}1", label="ESP")
        handle.mkfs(kind, f"{disk}2")
        handle.mount(f"{disk}1", "/")
        handle.mkdir_p("/EFI/BOOT")
        handle.write(f"/EFI/BOOT/{loader}", b"MZ")
        handle.umount_all()
        return f"{disk}2"

    def fill(self, top: str, files: Files) -> None:
        for path, content in files.items():
            self.handle.mkdir_p(str(Path(f"{top}{path}").parent))
            self.handle.write(
                f"{top}{path}", content.encode() if isinstance(content, str) else content
            )

    def subvolumes(self, names: tuple[str, ...]) -> None:
        for name in names:
            self.handle.mkdir_p(str(Path(f"/{name}").parent))
            self.handle.btrfs_subvolume_create(f"/{name}")

    def leap(self, disk: str) -> None:
        """As openSUSE's installer: the root is the first snapshot, which is the default."""
        root = self.partition(disk, "btrfs", "BOOTX64.EFI")
        uuid = self.handle.vfs_uuid(root)
        fstab = (
            f"UUID={uuid} / btrfs defaults 0 0\n"
            f"UUID={uuid} /home btrfs subvol=/@/home 0 0\n"
            f"UUID={uuid} /.snapshots btrfs subvol=/@/.snapshots 0 0\n"
            "LABEL=ESP /boot/efi vfat defaults 0 2\n"
        )
        self.handle.mount(root, "/")
        self.subvolumes(("@", "@/home", "@/.snapshots", *map(SNAPSHOT.format, (1, 2))))
        self.fill("/@/home", {"/geeko": "home"})
        for number, version in ((1, "15.6"), (2, "15.5")):
            top = "/" + SNAPSHOT.format(number)
            self.fill(top, system("opensuse-leap", version, fstab))
            for name in ("home", ".snapshots", "boot/efi"):
                self.handle.mkdir_p(f"{top}/{name}")
        for volume in self.handle.btrfs_subvolume_list("/"):
            if volume["btrfssubvolume_path"] == SNAPSHOT.format(1):
                self.handle.btrfs_subvolume_set_default(volume["btrfssubvolume_id"], "/")
        self.handle.umount_all()

    def arch(self, disk: str) -> None:
        """The root is a subvolume that fstab names, beside a snapshot; no line for the ESP."""
        root = self.partition(disk, "btrfs", "BOOTX64.EFI")
        fstab = f"UUID={self.handle.vfs_uuid(root)} / btrfs rw,subvol=/@ 0 0\n"
        self.handle.mount(root, "/")
        self.subvolumes(("@", "@snapshots", "@snapshots/1"))
        for top in ("/@", "/@snapshots/1"):
            self.fill(top, system("arch", "", fstab))
            self.handle.mkdir_p(f"{top}/efi")
        self.fill(
            "/@",
            {
                "/boot/vmlinuz-linux": b"kernel",
                f"/usr/lib/modules/{ARCH_RELEASE}/pkgbase": "linux\n",
                f"/usr/lib/modules/{ARCH_RELEASE}/modules.dep": "kernel/virtio_scsi.ko.zst:\n",
            },
        )
        self.handle.ln_s("usr/lib", "/@/lib")
        self.handle.umount_all()

    def twins(self, disk: str) -> None:
        """Two systems of which none is the default, and none is named."""
        root = self.partition(disk, "btrfs", "BOOTX64.EFI")
        self.handle.mount(root, "/")
        self.subvolumes(("first", "second"))
        for top in ("/first", "/second"):
            self.fill(top, system("debian", "12", "tmpfs /tmp tmpfs defaults 0 0\n"))
        self.handle.umount_all()

    def arm(self, disk: str) -> None:
        root = self.partition(disk, "ext4", "BOOTAA64.EFI")
        uuid = self.handle.vfs_uuid(root)
        fstab = f"UUID={uuid} / ext4 defaults 0 1\nLABEL=ESP /boot/efi vfat defaults 0 2\n"
        self.handle.mount(root, "/")
        self.fill("", system("debian", "12", fstab, "aarch64"))
        self.handle.mkdir_p("/boot/efi")
        grub = {
            "/boot/grub/grub.cfg": "linux /vmlinuz-1-arm64\n",
            "/boot/vmlinuz-1-arm64": "kernel",
        }
        self.fill("", grub)
        self.handle.umount_all()


@pytest.fixture(scope="module")
def disks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """All of them, in one start of libguestfs' appliance."""
    directory = tmp_path_factory.mktemp("layouts")
    names = ("leap", "arch", "twins", "arm")
    paths = {name: directory / f"{name}.raw" for name in names}
    maker = Maker([*paths.values()])
    if not maker.handle.feature_available(["btrfs"]):
        pytest.skip("libguestfs' appliance has no btrfs-progs")
    for name, device in zip(names, ("/dev/sda", "/dev/sdb", "/dev/sdc", "/dev/sdd"), strict=True):
        getattr(maker, name)(device)
    maker.handle.shutdown()
    maker.handle.close()
    return paths


def test_of_snapshots_the_default_one_is_the_system(disks: dict[str, Path]) -> None:
    with open_image(disks["leap"], "raw") as disk:
        found = distribution_of(disk)
        assert (found.os_distro, found.os_version) == ("opensuse", "15.6")
        assert disk.read_text("/home/geeko") == "home"
        assert disk.list("/.snapshots") == ("1", "2")
        assert esp.removable_loader(disk, "x86_64") == "/boot/efi/EFI/BOOT/BOOTX64.EFI"


def test_of_subvolumes_the_one_that_its_fstab_names_is_the_system(disks: dict[str, Path]) -> None:
    with open_image(disks["arch"], "raw") as disk:
        assert distribution_of(disk).name == "arch"
        (kernel,) = disk.kernels()
        assert (kernel.release, kernel.image) == (ARCH_RELEASE, "/boot/vmlinuz-linux")
        assert esp.removable_loader(disk, "x86_64") == "/efi/EFI/BOOT/BOOTX64.EFI"


def test_two_systems_are_one_true_sentence(disks: dict[str, Path]) -> None:
    with (
        pytest.raises(ImageError, match="2 btrfs subvolumes with an operating system") as caught,
        open_image(disks["twins"], "raw"),
    ):
        pytest.fail("it must not open")
    assert "the one counts that is the default" in caught.value.hint


def test_an_image_for_arm_is_judged_by_its_own_names_and_not_booted(
    disks: dict[str, Path], tmp_path: Path
) -> None:
    done = CliRunner().invoke(
        cli,
        ["adopt", str(disks["arm"]), "--output", str(tmp_path), "--json"],
        catch_exceptions=False,
    )
    told = json.loads(done.stdout)
    assert (told["booted"], told["proven"]) == (False, False)
    claims = {claim["property"]: claim["value"] for claim in told["claims"]}
    assert claims["architecture"] == "aarch64"
    (limit,) = told["adopted"]["limits"]
    assert "cloud-init is not installed" in limit  # as any image without it
    assert "BOOTX64" not in done.stdout
    report = CliRunner().invoke(cli, ["report", told["directory"]], catch_exceptions=False)
    assert "Inspected, not booted" in report.output
