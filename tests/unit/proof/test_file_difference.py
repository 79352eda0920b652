"""What diffoscope says of two files, and what is said where it does not answer."""

from pathlib import Path

import pytest

from builder.errors import BuilderError
from builder.proof import file_difference
from builder.proof.file_difference import told

pytestmark = pytest.mark.program("diffoscope")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name, text in (("old", "first\nthis\n"), ("new", "first\nthat\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(text)
    return tmp_path


def test_the_lines_that_differ_are_told(place: Path) -> None:
    assert {"--- old/file", "+++ new/file", "-this", "+that"} <= {*told(place, "file").splitlines()}


def test_a_long_difference_is_told_in_part(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_difference, "REPORT_LIMIT", 1000)
    (place / "new/file").write_text("".join(f"{number}\n" for number in range(5000)))
    assert len(told(place, "file")) == 1000


def test_a_file_that_is_not_there_is_an_error_of_its_own(place: Path) -> None:
    (place / "new/file").unlink()
    with pytest.raises(BuilderError, match="diffoscope ended with exit code 2"):
        told(place, "file")


def test_a_comparison_without_end_is_ended(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_difference, "TIME_LIMIT", 0.01)
    with pytest.raises(BuilderError, match="still running after"):
        told(place, "file")
