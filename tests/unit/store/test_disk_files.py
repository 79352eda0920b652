"""What is told of the files of a disk. Raw ones are read here; the others need qemu-nbd."""

from pathlib import Path

import pytest

from builder.errors import BuilderError
from builder.host.files import digests, sha256_of
from builder.store.disk_files import checksums, format_files, image_file


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "image.raw"
    path.write_bytes(bytes(range(256)) * 4096)
    return path


def test_the_content_of_a_raw_image_is_the_file(disk: Path) -> None:
    image = image_file(disk, "raw", disk.stat().st_size)
    assert (image.sha256, image.sha512) == digests(disk)
    assert image.content_sha256 == sha256_of(disk)
    assert checksums([image]) == f"{sha256_of(disk)}  image.raw\n"


def test_a_file_in_which_one_block_is_another_is_refused(disk: Path, tmp_path: Path) -> None:
    image = image_file(disk, "raw", disk.stat().st_size)
    copy = tmp_path / "copy.raw"
    content = bytearray(disk.read_bytes())
    copy.write_bytes(content)
    (file,) = format_files(image, {"raw": copy})
    assert (file.name, file.content_sha256) == ("copy.raw", image.content_sha256)
    content[-1] ^= 1
    copy.write_bytes(content)
    with pytest.raises(BuilderError, match=r"The disk in copy\.raw is not that in image\.raw"):
        format_files(image, {"raw": copy})
