"""The digest of a raw disk is that of the whole file, holes and all."""

import os
from pathlib import Path

import pytest

from builder.host.files import BLOCK, sha256_of
from builder.image.content import content_sha256

PAGE = 4096


@pytest.mark.parametrize(
    ("size", "data"),
    [
        (0, ()),
        (BLOCK + 5, ()),
        (3 * BLOCK, (0,)),
        (3 * BLOCK, (BLOCK + PAGE,)),
        (2 * BLOCK + 7, (0, BLOCK, 2 * BLOCK)),
        (2 * BLOCK + PAGE, (2 * BLOCK,)),
    ],
    ids=("empty", "one hole", "a hole behind", "holes on both sides", "an odd end", "a hole first"),
)
def test_holes_count_as_the_zeros_they_are(
    tmp_path: Path, size: int, data: tuple[int, ...]
) -> None:
    disk = tmp_path / "disk.raw"
    with disk.open("wb") as file:
        file.truncate(size)
        for offset in data:
            file.seek(offset)
            file.write(os.urandom(min(PAGE, size - offset)))
    assert content_sha256(disk, "raw") == sha256_of(disk)
