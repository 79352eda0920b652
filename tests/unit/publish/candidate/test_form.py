"""The form in which a build is sent. What qemu-nbd must read is tried in tests/openstack."""

import struct
from pathlib import Path

import pytest
from samples import manifest

from builder.errors import ImageError, InputError
from builder.publish.candidate.form import form_of
from builder.publish.cloud.data import own_data
from builder.store.disk_files import format_files, image_file
from builder.store.manifest import Manifest

SIZE = 1 << 20


def partitioned(path: Path) -> Path:
    """A raw disk: what makes it one is its partition table."""
    table = bytes(446) + struct.pack("<B3sB3sII", 0, bytes(3), 0x83, bytes(3), 1, SIZE // 512 - 1)
    path.write_bytes(table.ljust(510, b"\0") + b"\x55\xaa" + bytes(SIZE - 512))
    return path


@pytest.fixture
def build(tmp_path: Path) -> Manifest:
    """One whose image is raw, and which has the same disk in another raw file, called a vhd."""
    image = image_file(partitioned(tmp_path / "image.raw"), "raw", SIZE)
    (file,) = format_files(image, {"raw": partitioned(tmp_path / "image.vhd")})
    return manifest(image=image, formats=(file.model_copy(update={"format": "vhd"}),))


def test_without_a_word_the_image_itself_is_sent(build: Manifest, tmp_path: Path) -> None:
    for chosen in (None, "raw"):
        form = form_of(tmp_path, build, chosen)
        assert form.data == own_data(build.image)
        assert b"".join(form.origin.pieces()) == (tmp_path / "image.raw").read_bytes()


def test_a_format_that_there_is_not_is_told(build: Manifest, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no vmdk(?s:.*)raw and vhd(?s:.*)disk\.formats"):
        form_of(tmp_path, build, "vmdk")


def test_a_build_of_before_digests_of_disks_is_sent_as_it_is_only(
    build: Manifest, tmp_path: Path
) -> None:
    image = build.image.model_copy(update={"content_sha256": ""})
    older = build.model_copy(update={"image": image})
    assert form_of(tmp_path, older, None).data == own_data(image)
    with pytest.raises(InputError, match="its manifest does not tell the digest of its disk"):
        form_of(tmp_path, older, "vhd")


def test_a_file_that_has_changed_is_not_sent(build: Manifest, tmp_path: Path) -> None:
    with (tmp_path / "image.raw").open("ab") as file:
        file.write(bytes(512))
    with pytest.raises(ImageError, match="not the file that was built"):
        form_of(tmp_path, build, None)


def test_the_image_must_be_the_proven_file_though_another_one_is_sent(
    build: Manifest, tmp_path: Path
) -> None:
    with (tmp_path / "image.raw").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"x")
    with pytest.raises(ImageError, match="Its SHA-256 is not that of the manifest"):
        form_of(tmp_path, build, "vhd")


def test_a_manifest_with_another_disk_than_the_proven_file_has_is_refused(
    build: Manifest, tmp_path: Path
) -> None:
    lie = build.image.model_copy(update={"content_sha256": "e" * 64})
    with pytest.raises(ImageError, match="is not the one that was proven"):
        form_of(tmp_path, build.model_copy(update={"image": lie}), "vhd")
