"""What differs inside of a file of two images: diffoscope, and libguestfs to get the file."""

import gzip
import io
from pathlib import Path

import pytest
from comparisons import newer, older
from test_deep_difference import build

from builder.compare.reproduction import FileDifference
from builder.proof import file_difference as module
from builder.proof.file_difference import file_difference
from builder.store.manifest import read
from builder.terminal.progress import Progress

pytestmark = [pytest.mark.integration, pytest.mark.program("diffoscope")]

PATH = "/usr/lib/made/table.gz"


@pytest.fixture
def builds(tmp_path: Path) -> tuple[Path, Path]:
    """Two builds whose table differs in a line, behind a compression."""
    contents = (gzip.compress(f"first\n{word}\n".encode(), mtime=0) for word in ("this", "that"))
    old, new = (
        build(tmp_path / name, told, {PATH.strip("/"): content})
        for name, told, content in zip(("a", "b"), (older(), newer()), contents, strict=True)
    )
    return old, new


def difference(old: Path, new: Path, path: str) -> FileDifference:
    progress = Progress(io.StringIO())
    found = file_difference((old, read(old)), (new, read(new)), path, progress)
    assert found is not None
    assert found.path == path
    return found


def test_what_differs_inside_of_a_file_is_told(builds: tuple[Path, Path]) -> None:
    lines = difference(*builds, PATH).text.splitlines()
    assert any(line.endswith("-this") for line in lines)
    assert any(line.endswith("+that") for line in lines)
    assert "--- old/table.gz" in lines


def test_an_image_that_is_not_the_built_one_is_told_and_not_compared(
    builds: tuple[Path, Path],
) -> None:
    image = builds[0] / read(builds[0]).image.name
    image.write_bytes(image.read_bytes()[:-1] + b"x")
    assert "is not the file that was built" in difference(*builds, PATH).text


def test_without_diffoscope_nothing_is_looked_at(
    builds: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PROGRAM", "diffoscope-of-nobody")
    old, new = builds
    progress = Progress(io.StringIO())
    assert file_difference((old, read(old)), (new, read(new)), PATH, progress) is None
