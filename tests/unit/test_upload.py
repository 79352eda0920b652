"""Data on its way: counted, hashed, told."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import pytest

from builder.errors import BuilderError, InputError
from builder.publish.upload import Upload, pieces_of, progress_text

DATA = [b"some", b"data"]
SHA512 = hashlib.sha512(b"somedata").hexdigest()


def sent(pieces: Iterable[bytes], size: int = 8, sha512: str = SHA512) -> bytes:
    upload = Upload(iter(pieces), size=size, sha512=sha512, tell=lambda _: None)
    return b"".join(iter(upload.read, b""))


def test_data_goes_through_as_it_is() -> None:
    assert sent(DATA) == b"somedata"


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        ([b"some"], "ended after 4 of 8 bytes"),
        ([b"some", b"datax"], "longer than 8 bytes"),
        ([b"some", b"Data"], "SHA-512 is not that of the manifest"),
    ],
)
def test_other_data_is_refused_before_its_end(pieces: list[bytes], reason: str) -> None:
    with pytest.raises(BuilderError, match=reason):
        sent(pieces)


def test_a_file_is_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(b"x" * (5 << 20))
    assert [len(one) for one in pieces_of(path)] == [4 << 20, 1 << 20]


def test_a_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        list(pieces_of(tmp_path / "gone"))


def test_progress_has_a_bar_a_rate_and_the_time_left() -> None:
    assert progress_text(50 << 20, 100 << 20, 5) == (
        "[############            ] 50%, 10.0 MiB/s, 5 s left"
    )
    assert progress_text(1 << 20, 200 << 20, 1).endswith("3m19s left")
    assert progress_text(0, 100, 0) == f"[{' ' * 24}] 0%, 0.0 MiB/s"
