"""Data on its way: counted, hashed, told."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import pytest

from builder.errors import ImageError
from builder.publish.candidate.stream import Upload, pieces_of
from builder.publish.cloud.image import Data

DATA = [b"some", b"data"]
SHA512 = hashlib.sha512(b"somedata").hexdigest()


def sent(pieces: Iterable[bytes], size: int = 8, sha512: str = SHA512) -> bytes:
    upload = Upload(
        iter(pieces),
        Data(disk_format="qcow2", size=size, hashes={"sha512": sha512}),
        tell=lambda _sent, _size: None,
    )
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
    with pytest.raises(ImageError, match=reason):
        sent(pieces)


def test_a_file_is_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(b"x" * (5 << 20))
    assert [len(piece) for piece in pieces_of(path)] == [4 << 20, 1 << 20]


def test_a_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="cannot be read"):
        list(pieces_of(tmp_path / "gone"))


def test_every_piece_is_told_with_all_that_was_sent_before() -> None:
    told: list[tuple[int, int]] = []
    upload = Upload(
        iter(DATA),
        Data(disk_format="qcow2", size=8, hashes={"sha512": SHA512}),
        tell=lambda sent, size: told.append((sent, size)),
    )
    assert b"".join(iter(upload.read, b"")) == b"somedata"
    assert told == [(4, 8), (8, 8), (8, 8)]
