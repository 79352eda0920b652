"""What becomes of a build for which the disk has no room."""

import errno
import io
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from samples import plan

from builder.build import build as subject
from builder.errors import HostError
from builder.terminal.progress import Progress


def test_a_disk_that_becomes_full_is_named_with_its_room_and_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "image.qcow2")

    monkeypatch.setenv("GUEST_IMAGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(subject.requirements, "require_for_build", lambda *_, **__: None)
    monkeypatch.setattr(subject.requirements, "works_in_memory", lambda: True)
    monkeypatch.setattr(subject, "_build_in", full)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=9, free=0))
    with pytest.raises(HostError, match=r"became full during the build of 'base'") as caught:
        subject.build(plan("base"), tmp_path / "dist", Progress(io.StringIO()))
    assert caught.value.details[1:] == (
        f"{tmp_path}/dist has 0 MiB free, a build needs 2 GiB.",
        f"{tmp_path}/cache has 0 MiB free, a build needs 1 GiB.",
    )
    assert "make room" in caught.value.hint
    assert not list((tmp_path / "dist/base").iterdir())
