"""Image files that are made to take this host's memory or time before anything opens them."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from builder.errors import BuilderError, ImageError
from builder.image.safety import check_image

pytestmark = pytest.mark.integration


def qcow2(path: Path, *options: str) -> Path:
    words = ["qemu-img", "create", "-q", "-f", "qcow2", *options, path, "1G"]
    subprocess.run(words, check=True)
    return path


def many_clusters(path: Path) -> None:
    """A count for each cluster up to its end would take a GiB."""
    qcow2(path, "-o", "cluster_size=512")
    os.truncate(path, 250 << 30)


def without_end(path: Path) -> None:
    qcow2(path)
    os.truncate(path, 8 << 40)


def raw_without_end(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(8 << 40)


def long_table(path: Path) -> None:
    """An L1 table of 32 MiB, which lies behind the end."""
    qcow2(path)
    with path.open("r+b") as file:
        file.seek(36)
        file.write((4 << 20).to_bytes(4, "big"))


def far_table(path: Path) -> None:
    qcow2(path)
    with path.open("r+b") as file:
        file.seek(40)
        file.write((1 << 62).to_bytes(8, "big"))


@pytest.mark.parametrize(
    "make", [many_clusters, without_end, raw_without_end, long_table, far_table]
)
def test_it_is_refused_within_seconds(
    make: object, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "disk.img"
    assert callable(make)
    make(path)
    start = time.monotonic()
    with pytest.raises(ImageError) as error:
        check_image(path)
    assert time.monotonic() - start < 20
    assert str(path) in error.value.message
    assert error.value.hint
    assert capfd.readouterr() == ("", "")


def test_a_sparse_image_of_a_sound_size_is_none_of_these(tmp_path: Path) -> None:
    path = qcow2(tmp_path / "disk.qcow2", "-o", "preallocation=metadata")
    assert check_image(path).virtual_size == 1 << 30


def test_a_message_names_the_file_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "disk.img"
    many_clusters(path)
    with pytest.raises(BuilderError) as error:
        check_image(path, called=Path("mine.qcow2"))
    assert error.value.message.startswith("mine.qcow2 ")
