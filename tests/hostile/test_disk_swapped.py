"""An image that becomes another file between its check and its opening."""

import io
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from swapping import Secret, swapped

from builder.adopt import adopt as adopting
from builder.adopt import inspect_file
from builder.errors import BuilderError
from builder.features.registry import shipped
from builder.image.filesystem import open_image
from builder.image.overlay import make_overlay, virtual_size
from builder.terminal.progress import Progress

pytestmark = pytest.mark.integration

SIZE = 64 << 20
CLOSES = range(1, 9)

Way = Callable[[Path, Path], None]
"""Opens an image, with a directory for what it makes."""


def qemu_img(*arguments: str | Path) -> None:
    subprocess.run(["qemu-img", *arguments], check=True, stdout=subprocess.DEVNULL)


def read(image: Path) -> None:
    """Read as QEMU does, which follows whatever an image names."""
    words = ["qemu-io", "-r", "-f", "qcow2", "-c", "read 0 64k", image]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    raw, path = tmp_path / "disk.raw", tmp_path / "disk.qcow2"
    with raw.open("wb") as disk:
        disk.truncate(SIZE)
    subprocess.run(["sfdisk", "--quiet", raw], input=b"label: gpt\n,\n", check=True)
    qemu_img("convert", "-f", "raw", "-O", "qcow2", raw, path)
    return path


@pytest.fixture
def secret(tmp_path: Path) -> Secret:
    return Secret(tmp_path / "secret")


@pytest.fixture
def evil(tmp_path: Path, secret: Secret) -> Path:
    path = tmp_path / "evil.qcow2"
    backing = ("-u", "-F", "raw", "-b", secret.path)
    qemu_img("create", "-q", "-f", "qcow2", *backing, path, str(SIZE))
    return path


class Opened(Exception):
    """The image was taken for sound, and opened."""


def open_as_it_is(image: Path, *_: Any, **__: Any) -> None:
    """In place of the appliance."""
    read(image)
    raise Opened


def _by_inspection(image: Path, _: Path) -> None:
    inspect_file.inspect_foreign(image, shipped(), Progress(io.StringIO()))


def _by_adoption(image: Path, tmp_path: Path) -> None:
    adopting.adopt(image, tmp_path / "dist", shipped(), Progress(io.StringIO()), admin_user=None)


@pytest.mark.parametrize("way", [_by_inspection, _by_adoption])
@pytest.mark.parametrize("closes", CLOSES)
def test_what_is_opened_is_what_was_checked(
    way: Way,
    closes: int,
    image: Path,
    evil: Path,
    secret: Secret,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (inspect_file, adopting):
        monkeypatch.setattr(module, "examine", open_as_it_is)
    with swapped(image, evil, closes=closes) as attack, pytest.raises(Opened):
        way(image, tmp_path)
    assert attack.closed
    assert not secret.opened


def test_the_attack_would_succeed_where_the_path_is_opened_again(
    image: Path, evil: Path, secret: Secret
) -> None:
    with swapped(image, evil, closes=1) as attack:
        image.read_bytes()
        while not attack.done:
            pass
    with pytest.raises(Opened):
        open_as_it_is(image)
    assert secret.opened


def _by_appliance(image: Path, tmp_path: Path) -> None:
    with open_image(image, "qcow2"):
        pytest.fail("there is nothing on it")


def _by_overlay(image: Path, tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.qcow2"
    make_overlay(image, "qcow2", overlay, size=virtual_size(image, "qcow2"))
    read(overlay)
    raise BuilderError("read")


@pytest.mark.parametrize("way", [_by_appliance, _by_overlay])
def test_no_backing_file_is_opened_even_of_what_nobody_has_checked(
    way: Way, evil: Path, secret: Secret, tmp_path: Path
) -> None:
    with pytest.raises(BuilderError):
        way(evil, tmp_path)
    assert not secret.opened
