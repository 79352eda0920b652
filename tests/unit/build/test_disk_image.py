import json
import os
import shutil
import struct
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.architecture import AARCH64, X86_64, Architecture
from builder.build.disk_image import (
    BIOS_BOOT_START,
    ESP_SIZE,
    ESP_START,
    GIB,
    GPT_TAIL,
    JOURNAL_MIB,
    MIB,
    ROOT_START,
    SECTOR,
    TYPE_BIOS_BOOT,
    TYPE_ESP,
    Assembler,
    Layout,
    bios_boot_code,
    disk_size,
    partition_script,
)
from builder.errors import BuilderError

UUID = "6f1b7a52-0f3e-4b64-9d51-3a8c7a1d2e90"
GPT_HEADER_SECTORS = 34
TERABYTES = st.integers(min_value=0, max_value=8 << 40)


def layout(size: int = 2 * GIB, architecture: Architecture = X86_64) -> Layout:
    return Layout(
        architecture=architecture,
        size=size,
        root_label="cloudimg-rootfs",
        root_uuid=UUID,
        date=0,
    )


# ---- the partition table, as sfdisk itself reads it


def partitioned(
    disk: Path, size: int, architecture: Architecture = X86_64
) -> list[dict[str, object]]:
    sfdisk = shutil.which("sfdisk", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert sfdisk, "sfdisk is not installed: apt-get install fdisk"
    with disk.open("wb") as file:
        file.truncate(size)
    script = partition_script(layout(size, architecture)).encode()
    subprocess.run([sfdisk, "--quiet", "--no-reread", disk], input=script, check=True)
    dump = subprocess.run([sfdisk, "--json", disk], capture_output=True, check=True).stdout
    table = json.loads(dump)["partitiontable"]
    assert table["label"] == "gpt"
    partitions: list[dict[str, object]] = table["partitions"]
    return partitions


@pytest.mark.program("sfdisk")
@pytest.mark.parametrize("size", [1 * GIB, 2 * GIB, 7 * GIB])
def test_sfdisk_makes_the_three_partitions_with_root_last(tmp_path: Path, size: int) -> None:
    bios, esp, root = partitioned(tmp_path / "disk", size)
    assert [partition["name"] for partition in (bios, esp, root)] == ["BIOS-boot", "ESP", "root"]
    assert [partition["type"] for partition in (bios, esp, root)] == [
        TYPE_BIOS_BOOT,
        TYPE_ESP,
        X86_64.root_partition,
    ]
    starts = [partition["start"] for partition in (bios, esp, root)]
    assert starts == [start // SECTOR for start in (BIOS_BOOT_START, ESP_START, ROOT_START)]
    assert esp["size"] == ESP_SIZE // SECTOR


@pytest.mark.program("sfdisk")
def test_a_disk_of_an_architecture_without_bios_has_no_partition_for_it(tmp_path: Path) -> None:
    esp, root = partitioned(tmp_path / "disk", GIB, AARCH64)
    assert (esp["type"], root["type"]) == (TYPE_ESP, AARCH64.root_partition)
    starts = [partition["start"] for partition in (esp, root)]
    assert starts == [start // SECTOR for start in (ESP_START, ROOT_START)]


@pytest.mark.program("sfdisk")
@pytest.mark.parametrize("size", [1 * GIB, 3 * GIB])
def test_partitions_are_aligned_and_do_not_touch_each_other_or_the_backup_table(
    tmp_path: Path, size: int
) -> None:
    spans = [
        (int(str(partition["start"])), int(str(partition["start"])) + int(str(partition["size"])))
        for partition in partitioned(tmp_path / "disk", size)
    ]
    assert all(start * SECTOR % MIB == 0 and end * SECTOR % MIB == 0 for start, end in spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert spans[0][0] >= GPT_HEADER_SECTORS
    assert spans[-1][1] * SECTOR == size - GPT_TAIL


@pytest.mark.program("sfdisk")
def test_the_root_file_system_fills_its_partition(tmp_path: Path) -> None:
    root = partitioned(tmp_path / "disk", 2 * GIB)[-1]
    assert int(str(root["size"])) * SECTOR == layout().root_size


# ---- GRUB's BIOS images


def test_the_boot_sector_names_the_first_sector_of_the_core_image() -> None:
    sector, _ = bios_boot_code(bytes(512), bytes(1024))
    assert struct.unpack_from("<Q", sector, 0x5C)[0] * SECTOR == BIOS_BOOT_START


def test_the_core_image_names_its_own_second_sector() -> None:
    _, core = bios_boot_code(bytes(512), bytes(1024))
    assert struct.unpack_from("<Q", core, 0x1F4)[0] * SECTOR == BIOS_BOOT_START + SECTOR


def test_the_boot_sector_keeps_the_bios_s_drive_number() -> None:
    sector, _ = bios_boot_code(b"\xeb" * 512, bytes(1024))
    assert sector[0x66:0x68] == b"\x90\x90"


def test_the_boot_code_ends_before_the_partition_table() -> None:
    sector, _ = bios_boot_code(bytes(512), bytes(1024))
    assert len(sector) == 440


@given(st.binary(min_size=512, max_size=512), st.binary(min_size=512, max_size=2048))
def test_only_the_patched_fields_of_grub_s_images_change(boot: bytes, core: bytes) -> None:
    sector, image = bios_boot_code(boot, core)
    assert sector[:0x5C] == boot[:0x5C]
    assert sector[0x64:0x66] == boot[0x64:0x66]
    assert sector[0x68:] == boot[0x68:440]
    assert image[:0x1F4] == core[:0x1F4]
    assert image[0x1FC:] == core[0x1FC:]


def test_a_core_image_that_fills_its_partition_is_taken() -> None:
    _, core = bios_boot_code(bytes(512), bytes(ESP_START - BIOS_BOOT_START))
    assert len(core) == ESP_START - BIOS_BOOT_START


def test_a_core_image_larger_than_its_partition_is_refused() -> None:
    with pytest.raises(BuilderError, match="larger than its partition"):
        bios_boot_code(bytes(512), bytes(ESP_START - BIOS_BOOT_START + 1))


# ---- the size of the disk


@given(TERABYTES, TERABYTES)
def test_a_disk_is_whole_gib(content: int, free: int) -> None:
    assert disk_size(content, free=free, wanted=None) % GIB == 0


@given(TERABYTES, st.integers(min_value=0, max_value=1 << 40), TERABYTES)
def test_more_content_never_makes_a_smaller_disk(content: int, more: int, free: int) -> None:
    smaller = disk_size(content, free=free, wanted=None)
    assert disk_size(content + more, free=free, wanted=None) >= smaller
    assert disk_size(content, free=free + more, wanted=None) >= smaller


@given(TERABYTES, TERABYTES)
def test_a_disk_has_room_for_content_journal_and_what_was_asked_to_be_free(
    content: int, free: int
) -> None:
    root = layout(disk_size(content, free=free, wanted=None)).root_size
    usable = root * (1 - 1 / 64 - 1 / 20) - JOURNAL_MIB * MIB
    assert usable >= content + free - MIB  # a float's rounding, at terabytes


@given(TERABYTES, TERABYTES)
def test_a_disk_is_not_a_gib_larger_than_it_must_be(content: int, free: int) -> None:
    size = disk_size(content, free=free, wanted=None)
    if size > GIB:
        with pytest.raises(BuilderError):
            disk_size(content, free=free, wanted=size - GIB)


def test_a_wanted_size_with_enough_room_is_kept() -> None:
    assert disk_size(1 * GIB, free=0, wanted=40 * GIB) == 40 * GIB


def test_a_wanted_size_that_is_too_small_is_refused_with_both_sizes_and_the_key() -> None:
    with pytest.raises(BuilderError) as caught:
        disk_size(3 * GIB, free=0, wanted=2 * GIB)
    assert "2048 MiB is too small" in caught.value.message
    assert "disk.size_gib" in caught.value.hint


# ---- what needs no program


def test_a_tree_without_grub_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    def run(argv: object, purpose: str) -> str:
        raise AssertionError(f"ran {argv} to {purpose}")

    (tmp_path / "tree/boot").mkdir(parents=True)
    with pytest.raises(BuilderError, match="no boot loader") as caught:
        Assembler(run, lambda path: path).write_disk(tmp_path / "tree", tmp_path / "disk", layout())
    assert "guest-bootloader" in caught.value.hint


@pytest.mark.parametrize(
    ("image_format", "compression", "options"),
    [
        ("qcow2", "zstd", ["-c", "-o", "compression_type=zstd"]),
        ("qcow2", "zlib", ["-c", "-o", "compression_type=zlib"]),
        ("qcow2", "none", []),
        ("raw", "none", []),
    ],
)
def test_an_image_is_converted_as_the_profile_says(
    image_format: str, compression: str, options: list[str]
) -> None:
    ran: list[list[str]] = []

    def run(argv: object, purpose: str) -> str:
        assert isinstance(argv, list)
        ran.append([str(word) for word in argv])
        return purpose

    Assembler(run, lambda path: path).convert(
        Path("/d"), Path("/i"), image_format=image_format, compression=compression
    )
    assert ran == [["qemu-img", "convert", "-f", "raw", "-O", image_format, *options, "/d", "/i"]]
