"""Files that are images, and files that only look so, made with the real programs."""

import logging
import os
import struct
import subprocess
from pathlib import Path

import pytest

from builder.errors import BuilderError, ImageError, InputError
from builder.image.safety import check_image

pytestmark = pytest.mark.integration

SIZE = 64 << 20


def qemu_img(*arguments: str | Path) -> None:
    subprocess.run(["qemu-img", *arguments], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A disk with a GPT and content that no compression makes small."""
    path = tmp_path / "disk.raw"
    with path.open("wb") as disk:
        disk.truncate(SIZE)
    subprocess.run(["sfdisk", "--quiet", path], input=b"label: gpt\n,\n", check=True)
    with path.open("r+b") as disk:
        disk.seek(8 << 20)
        disk.write(os.urandom(16 << 20))
    return path


@pytest.fixture
def qcow2(raw: Path, tmp_path: Path) -> Path:
    path = tmp_path / "disk.qcow2"
    qemu_img("convert", "-f", "raw", "-O", "qcow2", raw, path)
    return path


def refusal(path: Path, error: type[BuilderError] = ImageError) -> str:
    with pytest.raises(error) as caught:
        check_image(path)
    assert str(path) in caught.value.message
    assert caught.value.hint
    return str(caught.value)


def test_a_raw_disk_with_a_partition_table_is_an_image(raw: Path) -> None:
    info = check_image(raw)
    assert (info.format, info.virtual_size, info.path) == ("raw", SIZE, raw)


def test_a_raw_disk_with_an_mbr_is_an_image(tmp_path: Path) -> None:
    path = tmp_path / "mbr.raw"
    with path.open("wb") as disk:
        disk.truncate(SIZE)
    subprocess.run(["sfdisk", "--quiet", path], input=b"label: dos\n,\n", check=True)
    assert check_image(path).format == "raw"


@pytest.mark.parametrize("options", [[], ["-c"], ["-c", "-o", "compression_type=zstd"]])
def test_a_qcow2_is_an_image_however_compressed(
    raw: Path, tmp_path: Path, options: list[str]
) -> None:
    path = tmp_path / "disk.qcow2"
    qemu_img("convert", "-f", "raw", "-O", "qcow2", *options, raw, path)
    info = check_image(path)
    assert (info.format, info.virtual_size) == ("qcow2", SIZE)


@pytest.mark.parametrize(("name", "qemu_name"), [("vmdk", "vmdk"), ("vdi", "vdi"), ("vpc", "vpc")])
def test_other_formats_are_named_as_qemu_names_them(
    raw: Path, tmp_path: Path, name: str, qemu_name: str
) -> None:
    path = tmp_path / f"disk.{name}"
    qemu_img("convert", "-f", "raw", "-O", name, raw, path)
    info = check_image(path)
    assert info.format == qemu_name
    assert info.virtual_size >= SIZE


def test_a_backing_file_is_refused(raw: Path, tmp_path: Path) -> None:
    path = tmp_path / "overlay.qcow2"
    qemu_img("create", "-q", "-f", "qcow2", "-b", raw, "-F", "raw", path)
    assert "It has a backing file" in refusal(path)


def test_an_external_data_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "split.qcow2"
    data = tmp_path / "data.raw"
    qemu_img("create", "-q", "-f", "qcow2", "-o", f"data_file={data}", path, "16M")
    assert "It has an external data file" in refusal(path)


def test_unknown_feature_bits_are_refused(qcow2: Path) -> None:
    with qcow2.open("r+b") as image:
        image.seek(72)
        image.write(struct.pack(">Q", 1 << 40))
    assert "features of qcow2 that are not known" in refusal(qcow2)


def test_extents_in_other_files_are_refused(raw: Path, tmp_path: Path) -> None:
    path = tmp_path / "flat.vmdk"
    qemu_img("convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=monolithicFlat", raw, path)
    refusal(path)


@pytest.mark.parametrize("kept", [0.9, 0.5, 0.1])
def test_a_truncated_qcow2_is_refused(qcow2: Path, kept: float) -> None:
    os.truncate(qcow2, int(qcow2.stat().st_size * kept))
    assert "truncated or corrupt" in refusal(qcow2)


@pytest.mark.parametrize("size", [4, 100, 511])
def test_half_a_header_is_refused(qcow2: Path, size: int) -> None:
    os.truncate(qcow2, size)
    assert "truncated" in refusal(qcow2)


@pytest.mark.parametrize(
    "content",
    [b"#!/bin/sh\necho no image\n", bytes(1 << 20), b"\x1f\x8b\x08" + os.urandom(5000)],
    ids=["a script", "zeros", "something compressed"],
)
def test_what_is_no_image_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert "is not a disk image" in refusal(path)


def test_a_format_that_is_not_inspected_is_named(tmp_path: Path) -> None:
    path = tmp_path / "disk.qed"
    qemu_img("create", "-q", "-f", "qed", path, "16M")
    assert "in the format qed" in refusal(path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.qcow2"
    path.touch()
    assert "is empty" in refusal(path)


def test_a_directory_is_refused(tmp_path: Path) -> None:
    assert "is a directory" in refusal(tmp_path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "There is no file" in refusal(tmp_path / "none", InputError)


def test_a_path_through_a_file_is_refused(raw: Path) -> None:
    assert "cannot be read" in refusal(raw / "x")


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is not a regular file" in refusal(tmp_path / "pipe")


def test_an_unreadable_file_is_refused(qcow2: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    qcow2.chmod(0)
    assert "cannot be read" in refusal(qcow2)


def test_a_name_that_qemu_would_take_for_a_protocol_is_a_file(
    qcow2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(qcow2.parent)
    name = Path("nbd:localhost:10809")
    qcow2.rename(name)
    assert check_image(name).format == "qcow2"


def test_a_refusal_logs_nothing_of_its_own(
    raw: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "overlay.qcow2"
    qemu_img("create", "-q", "-f", "qcow2", "-b", raw, "-F", "raw", path)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    refusal(path)
    assert capfd.readouterr() == ("", "")
