"""What QEMU writes by chance into other formats, and what stands there in the end."""

import uuid
from pathlib import Path

import pytest

from builder.build.format_ids import settle_ids

OWN = uuid.UUID("00000000-0000-0000-0000-00000abcdef1")
AFTER = b"\0" * 40 + b"the first grain"


def descriptor(content_id: str) -> bytes:
    text = f"# Disk DescriptorFile\nversion=1\nCID={content_id}\nparentCID=ffffffff\n"
    return b"KDMV\0\0" + text.encode()


@pytest.mark.parametrize("content_id", ["12345678", "1234567", "1"])
def test_a_vmdk_s_content_id_is_our_own_however_many_digits_qemu_has_written(
    tmp_path: Path, content_id: str
) -> None:
    image = tmp_path / "image.vmdk"
    written = descriptor(content_id)
    longest = len(descriptor("12345678"))
    image.write_bytes(written + b"\0" * (longest - len(written)) + AFTER)
    settle_ids(image, "vmdk", OWN, 0)
    assert image.read_bytes() == descriptor("0abcdef1") + AFTER
