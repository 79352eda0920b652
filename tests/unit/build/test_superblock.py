"""What is no ext4 is left as it is; ``tests/integration/test_assembled_disk.py`` has a real one."""

import io

import pytest

from builder.build.superblock import GROUP, SIZE, forget_what_was_written
from builder.errors import BuilderError


@pytest.mark.parametrize("content", [bytes(2 * SIZE), b"\xff" * 2 * SIZE])
def test_where_there_is_no_superblock_nothing_is_written(content: bytes) -> None:
    disk = io.BytesIO(content)
    with pytest.raises(BuilderError, match="no superblock in its block group 0"):
        forget_what_was_written(disk, start=0, size=GROUP)
    assert disk.getvalue() == content
