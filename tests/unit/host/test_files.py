import hashlib
from pathlib import Path

import pytest

from builder.host import files
from builder.host.files import digests, sha256_of


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 64])
def test_a_file_read_in_blocks_has_the_digests_of_its_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(files, "BLOCK", 8)
    content = bytes(range(size))
    (tmp_path / "file").write_bytes(content)
    expected = hashlib.sha256(content).hexdigest(), hashlib.sha512(content).hexdigest()
    assert digests(tmp_path / "file") == expected
    assert sha256_of(tmp_path / "file") == expected[0]
