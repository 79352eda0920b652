"""What is said of image files that nobody opens, where qemu-img gives a reason or none."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from oslo_utils.imageutils import format_inspector

from builder.errors import HostError, ImageError
from builder.host.process import Finished
from builder.image import held, overlay, safety

IMAGE = Path("disk.qcow2")


@pytest.fixture(autouse=True)
def tool(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (overlay, safety):
        monkeypatch.setattr(module, "require_tool", lambda *_: "qemu-img")


def ending(monkeypatch: pytest.MonkeyPatch, status: int, said: str) -> None:
    for module in (overlay, safety):
        monkeypatch.setattr(module, "run_unchecked", lambda *_, **__: Finished(status, "", said))


def test_a_copy_needs_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = os.statvfs_result([4096, 4096, 9, 0, 0, 9, 9, 9, 0, 255])
    monkeypatch.setattr("os.statvfs", lambda _: full)
    (tmp_path / "image").write_bytes(bytes(1 << 20))
    match = r"too little room.*\n.*0 MiB free, the copy needs 1 MiB\.\n.*--output"
    with pytest.raises(HostError, match=match):
        held.private_copy(tmp_path / "image", tmp_path / "copy", option="--output")


@pytest.mark.parametrize(
    ("status", "said", "message"),
    [
        (1, 'Failed to get shared "write" lock', "is in use"),
        (1, "Parameter 'encrypt.key-secret' is required", "is encrypted"),
        (-6, "", "its tables take more than 1024 MiB of memory"),
        (1, "qemu-img: nonsense", "is truncated or corrupt"),
    ],
)
def test_qemu_img_tells_why(
    monkeypatch: pytest.MonkeyPatch, status: int, said: str, message: str
) -> None:
    ending(monkeypatch, status, said)
    with pytest.raises(ImageError, match=message) as caught:
        safety._require_sound(IMAGE, IMAGE)  # noqa: SLF001 - no file makes qemu-img end so
    assert caught.value.hint


def test_a_qemu_img_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: Any, **__: Any) -> Finished:
        raise TimeoutError("'prlimit' was still running after 60 s")

    for module in (overlay, safety):
        monkeypatch.setattr(module, "run_unchecked", hang)
    with pytest.raises(ImageError, match="could not be checked"):
        safety._require_sound(IMAGE, IMAGE)  # noqa: SLF001
    with pytest.raises(ImageError, match="could not be opened"):
        overlay.virtual_size(IMAGE, "qcow2")


def test_an_image_that_qemu_img_does_not_open_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ending(monkeypatch, 1, "qemu-img: Could not open 'x': Image is not in qcow2 format")
    with pytest.raises(ImageError, match="not in qcow2 format"):
        overlay.virtual_size(IMAGE, "qcow2")


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (format_inspector.ImageFormatError("several formats"), "is not one image"),
        (None, "its format cannot be told"),
    ],
)
def test_a_file_without_one_format_is_no_image(
    monkeypatch: pytest.MonkeyPatch, found: Exception | None, message: str
) -> None:
    def detect(_: str) -> None:
        if found:
            raise found

    monkeypatch.setattr(format_inspector, "detect_file_format", detect)
    with pytest.raises(ImageError, match=message):
        safety._inspect(IMAGE, IMAGE)  # noqa: SLF001


def test_a_header_that_ends_early_is_corrupt() -> None:
    def end() -> None:
        raise format_inspector.ImageFormatError("Region signature not found")

    inspector: Any = SimpleNamespace(safety_check=end)
    with pytest.raises(ImageError, match="is truncated or corrupt"):
        safety._require_safe(IMAGE, inspector)  # noqa: SLF001
