"""How a file gets into a catalogue: one file with two names, or a copy that serves again."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.catalogue.place import LARGE, place_files
from builder.errors import BuilderError

OTHER = Path("/dev/shm")  # noqa: S108 - a file system that is no disk's


@pytest.fixture
def source(tmp_path: Path) -> Path:
    directory = tmp_path / "build"
    directory.mkdir()
    (directory / "image.raw").write_bytes(b"image")
    return directory


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A directory of another file system."""
    if not OTHER.is_dir() or OTHER.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has one file system")
    with tempfile.TemporaryDirectory(dir=OTHER) as name:
        yield Path(name)


def test_on_one_file_system_an_image_takes_no_room_twice(source: Path, tmp_path: Path) -> None:
    place_files(source, ["image.raw"], tmp_path / "new", tmp_path / "none")
    assert (tmp_path / "new" / "image.raw").samefile(source / "image.raw")


def test_on_another_one_it_is_copied_and_the_copy_serves_again(
    source: Path, elsewhere: Path
) -> None:
    first, second = elsewhere / "1", elsewhere / "2"
    place_files(source, ["image.raw"], first, elsewhere / "none")
    place_files(source, ["image.raw"], second, first)
    assert (second / "image.raw").read_bytes() == b"image"
    assert (second / "image.raw").samefile(first / "image.raw")


def test_a_copy_of_what_has_changed_since_does_not_serve(source: Path, elsewhere: Path) -> None:
    first, second = elsewhere / "1", elsewhere / "2"
    place_files(source, ["image.raw"], first, elsewhere / "none")
    times = (source / "image.raw").stat().st_mtime_ns
    (source / "image.raw").write_bytes(b"other")
    os.utime(source / "image.raw", ns=(times, times + 1))
    place_files(source, ["image.raw"], second, first)
    assert (second / "image.raw").read_bytes() == b"other"
    assert (first / "image.raw").read_bytes() == b"image"


def test_a_link_among_earlier_copies_does_not_serve(source: Path, elsewhere: Path) -> None:
    first, second = elsewhere / "1", elsewhere / "2"
    first.mkdir()
    (first / "image.raw").symlink_to(source / "image.raw")
    place_files(source, ["image.raw"], second, first)
    assert not (second / "image.raw").is_symlink()


def test_a_large_image_with_holes_keeps_them(source: Path, elsewhere: Path) -> None:
    with (source / "image.raw").open("wb") as file:
        file.truncate(8 * LARGE)
        file.write(b"image")
    place_files(source, ["image.raw"], elsewhere / "new", elsewhere / "none")
    copy = (elsewhere / "new" / "image.raw").stat()
    assert copy.st_size == 8 * LARGE
    assert copy.st_blocks * 512 < LARGE
    assert copy.st_mtime_ns == (source / "image.raw").stat().st_mtime_ns


def test_a_large_image_that_cannot_be_copied_is_told(
    source: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (source / "image.raw").open("wb") as file:
        file.truncate(LARGE)
    (tmp_path / "cp").write_text("#!/bin/sh\necho 'No space left on device' >&2\nexit 1\n")
    (tmp_path / "cp").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuilderError) as error:
        place_files(source, ["image.raw"], elsewhere / "new", elsewhere / "none")
    assert "No space left on device" in str(error.value)


def test_a_file_that_has_gone_is_an_error(source: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        place_files(source, ["manifest.json"], tmp_path / "new", tmp_path / "none")
