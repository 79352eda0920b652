import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeFilesystem
from samples import OTHER_SHA256, SHA256, manifest, plan

from builder.errors import ImageError
from builder.linux.changelogs import Changelog
from builder.proof import inspection, prove
from builder.proof.disk_contents import disk_contents
from builder.sbom.rpm_database import DATABASES
from builder.terminal.progress import Progress

HOME = Path(__file__).parent.parent


@pytest.fixture
def _disk(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def open_image(*_: Any, **__: Any) -> Iterator[FakeFilesystem]:
        rpm = (HOME / "sbom/rpmdb.sqlite.gz").read_bytes()
        yield FakeFilesystem(
            {
                "/etc/fstab": "a",
                "/usr/share/doc/vim/changelog.Debian.gz": gzip.compress(
                    b"vim (2) x; y\n\n  * A.\n"
                ),
                DATABASES[1]: gzip.decompress(rpm),
            }
        )

    monkeypatch.setattr(inspection, "open_image", open_image)
    monkeypatch.setattr(prove, "check_image", lambda _: None)


@pytest.mark.usefixtures("_disk")
def test_configuration_and_changelogs_are_read_from_the_image(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(prove, "sha256_of", lambda _: SHA256)
    found = disk_contents(tmp_path, manifest(), ("vim", "apt"), Progress(io.StringIO()))
    files = found.configuration.files
    assert {path: file.text for path, file in files.items()} == {"/etc/fstab": "a"}
    assert found.changelogs == (Changelog(("vim",), ("vim (2) x; y\n\n  * A.",)),)


@pytest.mark.usefixtures("_disk")
def test_another_image_than_was_built_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(prove, "sha256_of", lambda _: OTHER_SHA256)
    with pytest.raises(ImageError, match="is not the file that was built"):
        disk_contents(tmp_path, manifest(), (), Progress(io.StringIO()))


@pytest.mark.usefixtures("_disk")
def test_changelogs_of_rpm_distributions_are_in_their_database(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(prove, "sha256_of", lambda _: SHA256)
    build = manifest(plan("rocky-9"))
    found = disk_contents(tmp_path, build, ("hello", "vim"), Progress(io.StringIO()))
    assert [log.packages for log in found.changelogs] == [("hello",)]


@pytest.mark.parametrize(
    ("tree", "packages"),
    [({}, ("hello",)), ({DATABASES[0]: b"no database"}, ("hello",)), ({DATABASES[0]: b"-"}, ())],
)
def test_without_a_database_of_rpm_there_are_no_changelogs(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    tree: dict[str, bytes],
    packages: tuple[str, ...],
) -> None:
    @contextmanager
    def open_image(*_: Any, **__: Any) -> Iterator[FakeFilesystem]:
        yield FakeFilesystem(tree)

    monkeypatch.setattr(inspection, "open_image", open_image)
    monkeypatch.setattr(prove, "check_image", lambda _: None)
    monkeypatch.setattr(prove, "sha256_of", lambda _: SHA256)
    build = manifest(plan("rocky-9"))
    assert disk_contents(tmp_path, build, packages, Progress(io.StringIO())).changelogs == ()
