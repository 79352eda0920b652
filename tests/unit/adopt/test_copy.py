"""The copy of an image that is adopted: of a format that is adopted, and of the very file."""

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from builder.adopt import adopt
from builder.errors import ImageError
from builder.features.registry import shipped
from builder.image.safety import ImageInfo
from builder.terminal.progress import Progress


def test_another_format_than_a_build_has_is_not_adopted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk.vmdk"
    disk.write_bytes(b"KDMV")
    monkeypatch.setattr(adopt, "check_image", lambda path, **_: ImageInfo(path, "vmdk", 1 << 20))
    with pytest.raises(ImageError, match="is in the format vmdk, which is not adopted"):
        adopt.adopt(disk, tmp_path, shipped(), Progress(io.StringIO()), admin_user=None)


def test_an_image_that_somebody_writes_to_is_not_adopted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk.raw"
    disk.write_bytes(b"other content")
    monkeypatch.setattr(adopt, "check_image", lambda *_, **__: SimpleNamespace())
    info = ImageInfo(disk, "raw", 1 << 20)
    with pytest.raises(ImageError, match="has changed while it was read"):
        adopt._copied(disk, info, ("0" * 64, "0" * 128), tmp_path)  # noqa: SLF001
