"""The disk in an image, whatever its format: read by the real qemu-nbd."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from builder.errors import BuilderError, ImageError
from builder.host.files import sha256_of
from builder.image.content import QEMU_FORMATS, content_sha256
from builder.profile.model import DiskFormat
from builder.store.disk_files import format_files, image_file

pytestmark = pytest.mark.integration

MIB = 1 << 20
SIZE = 24 * MIB
FORMATS: tuple[DiskFormat, ...] = ("qcow2", "vmdk", "vhd", "vhdx")


def converted(disk: Path, name: DiskFormat) -> Path:
    image = disk.with_name(f"{disk.stem}.{name}")
    options = ["-o", "force_size=on"] if name == "vhd" else []
    words = ["qemu-img", "convert", "-f", "raw", "-O", QEMU_FORMATS.get(name, name), *options]
    subprocess.run([*words, disk, image], check=True)
    return image


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """Data, zeros that are written, and a hole."""
    path = tmp_path / "disk.raw"
    path.write_bytes(os.urandom(5 * MIB) + bytes(3 * MIB))
    os.truncate(path, SIZE)
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_the_digest_is_that_of_the_raw_disk(disk: Path, name: DiskFormat) -> None:
    assert content_sha256(converted(disk, name), name) == sha256_of(disk)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_in_which_one_block_is_another_is_refused(disk: Path, name: DiskFormat) -> None:
    image = image_file(converted(disk, "qcow2"), "qcow2", SIZE)
    assert [file.format for file in format_files(image, {name: converted(disk, name)})] == [name]
    with disk.open("r+b") as file:
        file.seek(SIZE - 512)
        file.write(b"x")
    with pytest.raises(BuilderError, match=f"The disk in disk.{name} is not that in disk.qcow2"):
        format_files(image, {name: converted(disk, name)})


def test_what_is_no_such_image_is_told(disk: Path) -> None:
    with pytest.raises(ImageError, match=r"(?s)disk in .* cannot be read.*qcow2"):
        content_sha256(disk, "qcow2")


def test_a_backing_file_that_a_header_names_is_not_read(disk: Path, tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.qcow2"
    words = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", disk, overlay]
    subprocess.run(words, check=True)
    empty = tmp_path / "empty.raw"
    empty.touch()
    os.truncate(empty, SIZE)
    assert content_sha256(overlay, "qcow2") == sha256_of(empty)


def test_the_directory_for_temporary_files_may_have_a_long_name(
    disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 120)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    assert content_sha256(converted(disk, "qcow2"), "qcow2") == sha256_of(disk)
    assert [*long.iterdir()] == []


READ = """
import resource, sys
from pathlib import Path
from builder.image.content import content_sha256
content_sha256(Path(sys.argv[1]), "qcow2")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_disk(tmp_path: Path) -> None:
    def peak(size: int) -> int:
        disk = tmp_path / f"{size}.raw"
        disk.touch()
        os.truncate(disk, size)
        words = [sys.executable, "-c", READ, str(converted(disk, "qcow2"))]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        return int(done.stdout) * 1024

    assert peak(1024 * MIB) < peak(16 * MIB) + 16 * MIB
