import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeFilesystem
from samples import OTHER_SHA256, SHA256, manifest

from builder.errors import ImageError
from builder.proof import inspection, prove
from builder.proof.configuration import configuration_of
from builder.terminal.progress import Progress


@pytest.fixture
def _disk(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def open_image(*_: Any, **__: Any) -> Iterator[FakeFilesystem]:
        yield FakeFilesystem({"/etc/fstab": "a"})

    monkeypatch.setattr(inspection, "open_image", open_image)
    monkeypatch.setattr(prove, "check_image", lambda _: None)


@pytest.mark.usefixtures("_disk")
def test_the_configuration_is_read_from_the_image(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(prove, "sha256_of", lambda _: SHA256)
    files = configuration_of(tmp_path, manifest(), Progress(io.StringIO()))
    assert {path: file.text for path, file in files.items()} == {"/etc/fstab": "a"}


@pytest.mark.usefixtures("_disk")
def test_another_image_than_was_built_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(prove, "sha256_of", lambda _: OTHER_SHA256)
    with pytest.raises(ImageError, match="is not the file that was built"):
        configuration_of(tmp_path, manifest(), Progress(io.StringIO()))
