"""A directory tree becomes a bootable disk, with programs that write to a plain file.

No loop device, no device-mapper, no mount and no file system driver of the host is needed: sfdisk
partitions the file, ``mke2fs -d`` fills the root file system from the tree, mtools fill the EFI
system partition, and GRUB's two BIOS images are written where the firmware and each other look.
"""

import os
import struct
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from builder.architecture import Architecture
from builder.build.superblock import forget_what_was_written
from builder.errors import BuilderError
from builder.profile.model import DiskFormat

SECTOR = 512
MIB = 1024 * 1024
GIB = 1024 * MIB

BIOS_BOOT_START = 1 * MIB
ESP_START = 2 * MIB
ESP_SIZE = 100 * MIB
ROOT_START = ESP_START + ESP_SIZE
GPT_TAIL = 1 * MIB
"""The backup partition table, rounded up so that the root file system ends aligned."""

JOURNAL_MIB = 64
"""A journal that still fits when the guest has grown its root to terabytes (resize2fs(8) does not
grow the journal)."""

# Partition types: UEFI specification, table "Defined GPT Partition Entry"; GRUB manual, "BIOS
# installation". That of a root depends on its architecture.
TYPE_BIOS_BOOT = "21686148-6449-6E6F-744E-656564454649"
TYPE_ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"

# Features that the oldest supported guest's kernel, e2fsck and GRUB read (GRUB 2.06 does not know
# metadata_csum_seed), whatever the build host's own mke2fs.conf says.
EXT4_FEATURES = (
    "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,"
    "large_file,huge_file,dir_nlink,extra_isize,metadata_csum"
)


# What Glance's inspector and other clouds' imports take: a VMDK that is one file, and a VHD whose
# beginning tells what it is and whose disk keeps its size (a fixed one looks like a raw disk).
_CONVERSIONS: Mapping[DiskFormat, Sequence[str]] = {
    "qcow2": ("-O", "qcow2"),
    "raw": ("-O", "raw"),
    "vmdk": ("-O", "vmdk", "-o", "subformat=streamOptimized"),
    "vhd": ("-O", "vpc", "-o", "subformat=dynamic,force_size=on"),
    "vhdx": ("-O", "vhdx", "-o", "subformat=dynamic"),
}

ROOT_INODE, FIRST_INODE = 2, 11
"""Numbers by ext4's documentation (kernel, "Special inodes"); mke2fs gives those that follow in
turn."""


@dataclass(frozen=True)
class Layout:
    """What the disk looks like apart from its content. Sizes are in bytes.

    Every other id is made of that of the root file system, so that equal layouts give equal bytes.
    """

    architecture: Architecture
    size: int
    root_label: str
    root_uuid: str
    date: int
    """The time that file systems and their files have been made at: seconds since 1970."""

    @property
    def root_size(self) -> int:
        """Bytes from the start of the root file system to its end."""
        return self.size - GPT_TAIL - ROOT_START

    def id_of(self, part: str) -> uuid.UUID:
        """The id of a partition, or of the disk."""
        return uuid.uuid5(uuid.UUID(self.root_uuid), part)


def disk_size(content: int, *, free: int, wanted: int | None) -> int:
    """The size in bytes of a disk for ``content`` bytes of files with ``free`` bytes to spare.

    Without a ``wanted`` size it is the smallest number of whole GiB, because flavors and Glance's
    ``min_disk`` count in GiB. Raises ``BuilderError`` if the wanted size is too small.
    """
    # Inode tables take 1/64 of an ext4 (256 bytes each 16 KiB), the reserve for root 1/20.
    needed = int((content + free + JOURNAL_MIB * MIB) / (1 - 1 / 64 - 1 / 20))
    needed += ROOT_START + GPT_TAIL
    if wanted is None:
        return -(-needed // GIB) * GIB
    if wanted < needed:
        raise BuilderError(
            f"The disk of {wanted // MIB} MiB is too small: its content needs {needed // MIB} MiB.",
            hint="Raise disk.size_gib in the profile, or remove it to get the smallest that fits.",
        )
    return wanted


def partition_script(layout: Layout) -> str:
    """The sfdisk(8) script: BIOS-boot, EFI system, and root last, so that it can grow.

    Where there is no BIOS, nothing takes the place of its partition.
    """
    bios = (BIOS_BOOT_START, ESP_START - BIOS_BOOT_START, TYPE_BIOS_BOOT, "BIOS-boot")
    rows = (
        *((bios,) if layout.architecture.has_bios else ()),
        (ESP_START, ESP_SIZE, TYPE_ESP, "ESP"),
        (ROOT_START, layout.root_size, layout.architecture.root_partition, "root"),
    )
    lines = [
        f"start={start // SECTOR}, size={size // SECTOR}, type={kind}, name={name}"
        f", uuid={layout.id_of(name)}"
        for start, size, kind, name in rows
    ]
    head = ["label: gpt", f"label-id: {layout.id_of('disk')}", "unit: sectors"]
    return "\n".join([*head, *lines]) + "\n"


def bios_boot_code(boot: bytes, core: bytes) -> tuple[bytes, bytes]:
    """GRUB's boot.img and core.img, patched for a core image at ``BIOS_BOOT_START``.

    What grub-bios-setup patches, from GRUB's ``include/grub/i386/pc/boot.h`` and
    ``grub-core/boot/i386/pc/{boot,diskboot}.S``: the core's first sector in the boot sector at
    0x5c, no jump over the BIOS's drive number at 0x66, and in the core's first sector the block
    list entry at 0x1f4 that names where its remaining sectors are. Only the code area of the boot
    sector (440 bytes) is returned: the partition table follows it.
    """
    if len(core) > ESP_START - BIOS_BOOT_START:
        raise BuilderError(
            f"GRUB's core image of {len(core)} bytes is larger than its partition.",
            hint="The element guest-bootloader makes it: give it fewer modules.",
        )
    first = BIOS_BOOT_START // SECTOR
    sector = bytearray(boot[:440])
    struct.pack_into("<Q", sector, 0x5C, first)
    struct.pack_into("<H", sector, 0x66, 0x9090)
    image = bytearray(core)
    struct.pack_into("<Q", image, 0x1F4, first + 1)
    return bytes(sector), bytes(image)


@dataclass(frozen=True)
class Assembler:
    """Writes disks inside a sandbox.

    ``run`` runs a program in there and returns its output; ``see`` turns a path of the sandbox
    into one that this process can open.
    """

    run: Callable[[Sequence[str | Path], str], str]
    see: Callable[[Path], Path]

    def write_disk(self, tree: Path, disk: Path, layout: Layout) -> None:
        """Make the raw disk image ``disk`` from ``tree``, whose ``/boot/efi`` is emptied."""
        bios = self._bios_boot_code(tree) if layout.architecture.has_bios else None
        self.run(["truncate", f"--size={layout.size}", disk], "create the disk")
        script = self.see(disk.with_suffix(".sfdisk"))
        script.write_text(partition_script(layout))
        self.run(
            ["sh", "-c", 'sfdisk --quiet --no-reread "$1" < "$2"', "sh", disk,
             disk.with_suffix(".sfdisk")],
            "partition the disk",
        )  # fmt: skip
        self._write_esp(tree / "boot/efi", disk, layout)
        self._write_root(tree, disk, layout)
        if bios is not None:
            sector, core = bios
            with self.see(disk).open("r+b") as file:
                file.write(sector)
                file.seek(BIOS_BOOT_START)
                file.write(core)

    def _bios_boot_code(self, tree: Path) -> tuple[bytes, bytes]:
        for name in ("grub", "grub2"):
            images = self.see(tree / "boot" / name / "i386-pc")
            if (images / "core.img").exists():
                return bios_boot_code(
                    (images / "boot.img").read_bytes(), (images / "core.img").read_bytes()
                )
        raise BuilderError(
            "The image has no boot loader: no core.img was made below /boot.",
            hint="The element guest-bootloader makes it; see the build's log for its hook.",
        )

    def _write_esp(self, content: Path, disk: Path, layout: Layout) -> None:
        self.run(
            # One sector to a cluster: FAT32 has at least 65525 of them.
            [*self._at(layout), "mkfs.vfat", "--invariant", "-F", "32", "-s", "1", "-n", "ESP",
             "-i", f"{layout.id_of('ESP').fields[0]:08x}", "-h", str(ESP_START // SECTOR),
             f"--offset={ESP_START // SECTOR}", disk, str(ESP_SIZE // 1024)],
            "make the EFI system partition",
        )  # fmt: skip
        for directory, names in self._directories(content):
            inside = f"::{directory.relative_to(content)}/"
            if directory != content:
                self.run(
                    [*self._at(layout), "mmd", "-i", f"{disk}@@{ESP_START}", inside.rstrip("/")],
                    "make a directory of the EFI system partition",
                )
            if names:
                files = [directory / name for name in names]
                self.run(
                    [*self._at(layout), "mcopy", "-m", "-Q", "-i", f"{disk}@@{ESP_START}",
                     *files, inside],
                    "fill the EFI system partition",
                )  # fmt: skip
        self.run(["find", content, "-mindepth", "1", "-delete"], "empty /boot/efi in the root")
        self.run(["touch", f"--date=@{layout.date}", content], "set the time of /boot/efi")

    def _directories(self, top: Path) -> Iterator[tuple[Path, list[str]]]:
        """Each directory with its files' names, in an order that no file system chooses."""
        seen = self.see(top)
        for directory, directories, names in os.walk(seen):
            directories.sort()
            yield top / Path(directory).relative_to(seen), sorted(names)

    def _write_root(self, tree: Path, disk: Path, layout: Layout) -> None:
        extended = f"offset={ROOT_START},hash_seed={layout.root_uuid},assume_storage_prezeroed=1"
        self.run(
            [*self._at(layout), "mke2fs", "-q", "-F", "-t", "ext4", "-O", EXT4_FEATURES,
             "-b", "4096", "-J", f"size={JOURNAL_MIB}", "-L", layout.root_label,
             "-U", layout.root_uuid, "-E", extended, "-d", tree, disk,
             f"{layout.root_size // 1024}k"],
            "write the root file system",
        )  # fmt: skip
        self._set_times(disk, layout)
        with self.see(disk).open("r+b") as file:
            forget_what_was_written(file, start=ROOT_START, size=layout.root_size)

    def _set_times(self, disk: Path, layout: Layout) -> None:
        """Set the time of change, which nobody can set in a tree, and of access, for it was read.

        From 1.47.1 on mke2fs itself does as much, by ``SOURCE_DATE_EPOCH``.
        """
        root = f"{disk}?offset={ROOT_START}"
        told = self.run(["debugfs", "-R", "stats -h", root], "count the root file system's inodes")
        numbers = dict(line.split(":", 1) for line in told.splitlines() if ":" in line)
        used = int(numbers["Inode count"]) - int(numbers["Free inodes"])
        commands = disk.with_suffix(".debugfs")
        self.see(commands).write_text(
            "".join(
                f"set_inode_field <{inode}> {field} @{layout.date}\n"
                for inode in (ROOT_INODE, *range(FIRST_INODE, used + 1))
                for field in ("ctime", "atime")
            )
        )
        self.run(
            [*self._at(layout), "debugfs", "-w", "-f", commands, root],
            "set the times of the root file system",
        )

    def _at(self, layout: Layout) -> list[str | Path]:
        """What programs are started with that would write the time of day."""
        times = (f"{name}={layout.date}" for name in ("E2FSPROGS_FAKE_TIME", "SOURCE_DATE_EPOCH"))
        return ["env", "TZ=UTC", *times]

    def convert(
        self, disk: Path, image: Path, *, image_format: DiskFormat, compression: str
    ) -> None:
        """Write ``disk`` as a sparse ``image``; a qcow2 is compressed with zstd or zlib."""
        options = [*_CONVERSIONS[image_format]]
        if image_format == "qcow2" and compression != "none":
            options += ["-c", "-o", f"compression_type={compression}"]
        self.run(
            ["qemu-img", "convert", "-f", "raw", *options, disk, image],
            f"convert the disk to {image_format}",
        )
