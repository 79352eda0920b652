"""Since when an archive has updates, as its mirror and the record tell."""

import os
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from webserver import Files, serving

from builder.archive.apt_root import AptRoot
from builder.archive.dates import RECORD, Since, dates, file_of
from builder.archive.sources import Source
from builder.distribution import DISTRIBUTIONS

INDEXED = datetime(2026, 3, 9, 12, tzinfo=UTC)
DAY = timedelta(days=1)
VIM = ("vim", "2")


def root(home: Path) -> AptRoot:
    lists = home / "var/lib/apt/lists"
    lists.mkdir(parents=True, exist_ok=True)
    release = f"Codename: bookworm-security\nDate: {format_datetime(INDEXED)}\n"
    (lists / "mirror_dists_bookworm-security_InRelease").write_text(release)
    return AptRoot(home, DISTRIBUTIONS["debian-12"], (), {})


def found(home: Path, url: str, limit: float = 3) -> Since:
    source = Source(url, "bookworm-security", ("main",), "amd64")
    paragraph = "Package: vim\nVersion: 2\nArchitecture: amd64\nFilename: pool/vim.deb"
    version, file = file_of(source, paragraph)
    return dates(root(home), {version: file}, limit=limit)[VIM]


def test_the_file_tells_since_when_and_it_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "mirror/pool/vim.deb"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\0")
    os.utime(file, ((INDEXED - 3 * DAY).timestamp(),) * 2)
    with serving(Files, root=str(tmp_path / "mirror")) as server:
        assert found(tmp_path, server.url) == Since(INDEXED - 3 * DAY, dated=True)
    assert found(tmp_path, "http://127.0.0.1:9") == Since(INDEXED - 3 * DAY, dated=True)
    assert dates(root(tmp_path), {}, limit=3) == {VIM: Since(INDEXED - 3 * DAY, dated=True)}


def test_without_the_file_the_index_tells_the_least_until_the_file_does(tmp_path: Path) -> None:
    assert found(tmp_path, "http://127.0.0.1:9") == Since(INDEXED, dated=False)
    file = tmp_path / "mirror/pool/vim.deb"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\0")
    os.utime(file, ((INDEXED - DAY).timestamp(),) * 2)
    with serving(Files, root=str(tmp_path / "mirror")) as server:
        assert found(tmp_path, server.url) == Since(INDEXED - DAY, dated=True)


def test_a_file_that_is_younger_than_its_index_tells_nothing(tmp_path: Path) -> None:
    file = tmp_path / "mirror/pool/vim.deb"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\0")
    os.utime(file, ((INDEXED + DAY).timestamp(),) * 2)
    with serving(Files, root=str(tmp_path / "mirror")) as server:
        assert found(tmp_path, server.url) == Since(INDEXED, dated=False)


def test_a_record_that_cannot_be_read_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text('{"vim 2": {"at": "yesterday"')
    assert found(tmp_path, "http://127.0.0.1:9") == Since(INDEXED, dated=False)
    assert "vim 2" in (tmp_path / RECORD).read_text()
