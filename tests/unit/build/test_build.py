"""What becomes of a build for which the disk has no room."""

import errno
import io
from pathlib import Path
from typing import Any

import pytest
from samples import plan

from builder.build import build as subject
from builder.errors import HostError
from builder.terminal.progress import Progress


def test_a_disk_that_becomes_full_is_named_with_the_remedy_and_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "image.qcow2")

    monkeypatch.setenv("GUEST_IMAGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(subject.requirements, "require_for_build", lambda *_, **__: None)
    monkeypatch.setattr(subject, "_build_in", full)
    with pytest.raises(HostError, match=r"became full during the build of 'base'") as caught:
        subject.build(plan("base"), tmp_path / "dist", Progress(io.StringIO()))
    assert "make room on the disk" in caught.value.hint
    assert "build.log" in caught.value.hint
