"""What is signed stands in the bundle of its build, or it is told that it could not."""

from pathlib import Path

import pytest
from attested import release

from builder.attest import bundle, sign
from builder.errors import HostError
from builder.store import manifest


def test_a_bundle_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    build = release(tmp_path).directory
    path = build / bundle.FILE_NAME
    envelopes = [envelope for _, envelope in bundle.read(path).envelopes]
    assert envelopes
    path.unlink()
    path.mkdir()
    with pytest.raises(HostError, match="could not be written into") as error:
        sign.add(build, manifest.read(build), envelopes)
    assert "Make room" in error.value.hint
    assert [left.name for left in build.iterdir() if left.name.startswith(".")] == []
