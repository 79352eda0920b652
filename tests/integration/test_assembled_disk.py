"""A small tree becomes a disk; the tools of each file system judge it. No root is needed."""

import os
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from builder.architecture import X86_64
from builder.build.disk_image import (
    BIOS_BOOT_START,
    ESP_SIZE,
    ESP_START,
    EXT4_FEATURES,
    GIB,
    ROOT_START,
    Assembler,
    Layout,
    bios_boot_code,
)
from builder.build.format_ids import settle_ids
from builder.build.requirements import BUILD_TOOLS
from builder.build.source_date import settle
from builder.errors import BuilderError
from builder.host.files import sha256_of
from builder.image.content import QEMU_FORMATS, content_sha256
from builder.image.safety import check_image
from builder.profile.model import DiskFormat

pytestmark = pytest.mark.integration

UUID = "6f1b7a52-0f3e-4b64-9d51-3a8c7a1d2e90"
LABEL = "cloudimg-rootfs"
DATE = 1_700_000_000
LAYOUT = Layout(architecture=X86_64, size=GIB, root_label=LABEL, root_uuid=UUID, date=DATE)
BOOT_IMAGE = bytes(range(256)) * 2
CORE_IMAGE = bytes(reversed(range(256))) * 300
BOOTX64 = b"MZ" + bytes(70_000)
SYSTEM = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
COREUTILS = {"find", "sh", "touch", "truncate"}


def shell(*argv: str | Path) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, env=SYSTEM, check=False)
    assert done.returncode == 0, f"{argv}\n{done.stdout}\n{done.stderr}"
    return done.stdout


class Directly:
    """Runs the assembler's programs without a sandbox, and keeps their names."""

    def __init__(self) -> None:
        self.programs: set[str] = set()

    def __call__(self, argv: Sequence[str | Path], _purpose: str) -> str:
        words = [str(word) for word in argv]
        if words[0] == "env":
            words = [word for word in words[1:] if "=" not in word.partition("/")[0]]
        self.programs.add(words[0])
        return shell(*argv)


def make_tree(tree: Path, grub: str = "grub") -> None:
    for name, content in {
        f"boot/{grub}/i386-pc/boot.img": BOOT_IMAGE,
        f"boot/{grub}/i386-pc/core.img": CORE_IMAGE,
        f"boot/{grub}/grub.cfg": b"set timeout=1\n",
        "boot/efi/EFI/BOOT/BOOTX64.EFI": BOOTX64,
        "etc/hostname": b"guest\n",
        "usr/bin/tool": b"#!/bin/sh\n",
    }.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tree / "usr/bin/tool").chmod(0o4755)
    (tree / "bin").symlink_to("usr/bin")
    (tree / "tmp").mkdir(exist_ok=True)
    (tree / "tmp").chmod(0o1777)
    (tree / "proc").mkdir()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("assemble") / "tree"
    make_tree(tree)
    return tree


@pytest.fixture(scope="module")
def run() -> Directly:
    return Directly()


@pytest.fixture(scope="module")
def disk(tree: Path, run: Directly) -> Path:
    disk = tree.parent / "disk.raw"
    Assembler(run, lambda path: path).write_disk(tree, disk, LAYOUT)
    return disk


@pytest.fixture(scope="module")
def root(disk: Path) -> str:
    """The root file system, as the programs of e2fsprogs name it."""
    return f"{disk}?offset={ROOT_START}"


def debugfs(root: str, request: str) -> str:
    return shell("debugfs", "-R", request, root)


def superblock(root: str) -> dict[str, str]:
    rows = (line.partition(":") for line in debugfs(root, "stats -h").splitlines())
    return {key.strip(): value.strip() for key, _, value in rows}


def test_e2fsck_finds_nothing_to_mend_in_the_root_file_system(root: str) -> None:
    shell("e2fsck", "-f", "-n", root)


def test_the_root_file_system_has_the_label_and_the_uuid_of_the_layout(root: str) -> None:
    seen = superblock(root)
    assert seen["Filesystem volume name"] == LABEL
    assert seen["Filesystem UUID"] == UUID


def test_the_root_file_system_has_just_the_features_that_old_guests_know(root: str) -> None:
    wanted = set(EXT4_FEATURES.split(",")) - {"none"}
    assert set(superblock(root)["Filesystem features"].split()) == wanted


def test_the_root_file_system_ends_with_its_partition(disk: Path, root: str) -> None:
    seen = superblock(root)
    size = int(seen["Block count"]) * int(seen["Block size"])
    dump = shell("sfdisk", "--dump", disk).splitlines()[-1]
    sectors = dump.partition("size=")[2].partition(",")[0]
    assert size == int(sectors) * 512


def test_files_are_in_the_root_with_their_content_and_modes(root: str) -> None:
    assert debugfs(root, "cat /etc/hostname") == "guest\n"
    assert 'Fast link dest: "usr/bin"' in debugfs(root, "stat /bin")
    assert "Mode:  04755" in debugfs(root, "stat /usr/bin/tool")
    assert "Mode:  01777" in debugfs(root, "stat /tmp")


def test_the_mount_point_of_the_esp_is_empty_in_the_root(root: str) -> None:
    rows = debugfs(root, "ls -p /boot/efi").split()
    names = {row.split("/")[5] for row in rows}
    assert names == {".", ".."}


def test_fsck_vfat_finds_nothing_to_mend_in_the_esp(disk: Path, tmp_path: Path) -> None:
    esp = tmp_path / "esp"
    with disk.open("rb") as file:
        file.seek(ESP_START)
        esp.write_bytes(file.read(ESP_SIZE))
    report = shell("fsck.vfat", "-n", "-v", esp)
    assert "FATs, 32 bit entries" in report
    assert f"{ESP_START // 512} hidden sectors" in report


def test_the_esp_has_its_label_and_the_boot_loader(disk: Path, tmp_path: Path) -> None:
    image = f"{disk}@@{ESP_START}"
    listing = shell("mdir", "-i", image, "::/EFI/BOOT")
    assert "Volume in drive : is ESP" in listing
    shell("mcopy", "-i", image, "::/EFI/BOOT/BOOTX64.EFI", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == BOOTX64


def test_grub_s_images_are_where_the_firmware_and_each_other_look(disk: Path) -> None:
    sector, core = bios_boot_code(BOOT_IMAGE, CORE_IMAGE)
    with disk.open("rb") as file:
        assert file.read(440) == sector
        file.seek(510)
        assert file.read(2) == b"\x55\xaa"
        file.seek(BIOS_BOOT_START)
        assert file.read(len(core)) == core


def test_the_boot_code_leaves_the_partition_table_as_it_was(disk: Path) -> None:
    assert "No errors detected" in shell("sfdisk", "--verify", disk)
    assert shell("sfdisk", "--dump", disk).count("type=") == 3


def test_the_disk_is_sparse(disk: Path) -> None:
    seen = disk.stat()
    assert seen.st_size == GIB
    assert seen.st_blocks * 512 < GIB // 5


@pytest.mark.parametrize(
    ("image_format", "compression"),
    [
        *(("qcow2", compression) for compression in ("zstd", "zlib", "none")),
        *((name, "none") for name in ("raw", "vmdk", "vhd", "vhdx")),
    ],
)
def test_a_converted_image_has_the_same_content(
    disk: Path, run: Directly, tmp_path: Path, image_format: DiskFormat, compression: str
) -> None:
    image = tmp_path / "image"
    Assembler(run, lambda path: path).convert(
        disk, image, image_format=image_format, compression=compression
    )
    assert check_image(image).virtual_size == GIB
    qemu_format = QEMU_FORMATS.get(image_format, image_format)
    info = shell("qemu-img", "info", "-f", qemu_format, image)
    assert f"file format: {qemu_format}" in info
    if image_format == "qcow2":
        wanted = compression if compression != "none" else "zlib"  # the format's default
        assert f"compression type: {wanted}" in info
    compared = shell("qemu-img", "compare", "-f", "raw", "-F", qemu_format, disk, image)
    assert "identical" in compared
    assert content_sha256(image, image_format) == sha256_of(disk)
    assert image.stat().st_blocks * 512 < GIB // 5


@pytest.mark.parametrize("image_format", ["qcow2", "raw", "vmdk", "vhd", "vhdx"])
def test_a_disk_that_is_written_again_at_another_time_gives_an_equal_file(
    disk: Path, run: Directly, tmp_path: Path, image_format: DiskFormat
) -> None:
    images = [tmp_path / name / f"image.{image_format}" for name in ("first", "again")]
    for image in images:
        image.parent.mkdir()
        Assembler(run, lambda path: path).convert(
            disk, image, image_format=image_format, compression="none"
        )
        settle_ids(image, image_format, LAYOUT.id_of(image_format), DATE)
        time.sleep(1.1)  # a VHD tells seconds
    assert sha256_of(images[0]) == sha256_of(images[1])
    assert check_image(images[0]).virtual_size == GIB
    assert content_sha256(images[0], image_format) == sha256_of(disk)
    qemu_format = QEMU_FORMATS.get(image_format, image_format)
    if image_format not in {"raw", "vhd"}:  # of these qemu-img knows nothing to check
        shell("qemu-img", "check", "-f", qemu_format, images[0])


@pytest.mark.parametrize("image_format", ["vmdk", "vhd", "vhdx"])
def test_files_with_other_ids_are_other_files(
    disk: Path, run: Directly, tmp_path: Path, image_format: DiskFormat
) -> None:
    image = tmp_path / "image"
    Assembler(run, lambda path: path).convert(
        disk, image, image_format=image_format, compression="none"
    )
    seen = set()
    for other in ("one", "two", "one"):
        settle_ids(image, image_format, LAYOUT.id_of(other), DATE)
        seen.add(sha256_of(image))
    assert len(seen) == 2


def test_every_program_of_the_assembly_is_asked_for_before_a_build(
    disk: Path, run: Directly
) -> None:
    assert run.programs - COREUTILS <= set(BUILD_TOOLS)


def test_equal_trees_that_were_made_in_another_order_and_at_another_time_give_equal_images(
    disk: Path, run: Directly, tmp_path: Path
) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    make_tree(first)
    (again / "tmp").mkdir(parents=True)
    (again / "boot/efi/EFI/debian").mkdir(parents=True)
    make_tree(again)
    for tree in (first, again):
        for name in ("shimx64.efi", "fbx64.efi", "grubx64.efi")[:: 1 if tree is first else -1]:
            (tree / "boot/efi/EFI/debian").mkdir(exist_ok=True)
            (tree / "boot/efi/EFI/debian" / name).write_bytes(name.encode() * 1000)
        settle(tree, (), DATE)
    time.sleep(2.1)  # FAT tells two seconds from each other, ext4 one
    os.utime(again / "etc/hostname", (DATE, DATE))  # and so its time of change is another
    images = []
    for tree in (first, again):
        raw, image = tree.with_suffix(".raw"), tree.with_suffix(".qcow2")
        assembler = Assembler(run, lambda path: path)
        assembler.write_disk(tree, raw, LAYOUT)
        assembler.convert(raw, image, image_format="qcow2", compression="zstd")
        images.append(image)
        time.sleep(2.1)
    assert [sha256_of(path.with_suffix(".raw")) for path in images] == [
        sha256_of(tmp_path / "first.raw")
    ] * 2
    assert sha256_of(images[0]) == sha256_of(images[1])


@pytest.mark.parametrize("block", [0, 32768, 98304, 163840, 229376])
def test_no_superblock_tells_how_much_was_written(root: str, block: int) -> None:
    """With another than the first one e2fsck and dumpe2fs verify its checksum, too."""
    where = ["-o", f"superblock={block}", "-o", "blocksize=4096"] if block else []
    told = shell("dumpe2fs", "-h", *where, root)
    assert "Lifetime writes" not in told
    assert "Checksum type:            crc32c" in told


@pytest.mark.parametrize("path", ["/", "/etc/hostname", "/usr/bin", "/bin", "/lost+found"])
def test_no_file_is_younger_than_the_layout(disk: Path, root: str, path: str) -> None:
    told = debugfs(root, f"stat {path}")
    stamps = [int(stamp, 16) for stamp in re.findall(r"(?:ctime|crtime): 0x([0-9a-f]+)", told)]
    assert stamps == [DATE, DATE]


def test_content_that_does_not_fit_is_an_error_and_no_short_disk(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    make_tree(tree, grub="grub2")
    (tree / "large").write_bytes(os.urandom(4 << 20))

    def run(argv: Sequence[str | Path], purpose: str) -> str:
        done = subprocess.run(argv, capture_output=True, text=True, env=SYSTEM, check=False)
        if done.returncode:
            raise BuilderError(f"Could not {purpose}.", details=done.stderr.splitlines())
        return done.stdout

    small = replace(LAYOUT, size=ROOT_START + (70 << 20))
    with pytest.raises(BuilderError, match="write the root file system"):
        Assembler(run, lambda path: path).write_disk(tree, tmp_path / "disk", small)
