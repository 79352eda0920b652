"""Files of known vulnerabilities: every kind, and what is none."""

import json
import os
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from image_sources import image
from samples import WHEN
from tracker_files import debian, osv_entry

from builder.errors import InputError
from builder.security import json_stream
from builder.security.judgement import doubts
from builder.security.tracker_file import Tracker, read


def tracker(path: Path) -> Tracker:
    return read(path, image(), now=WHEN)


def names(path: Path) -> list[str]:
    return [finding.name for finding in tracker(path).findings]


def refused(path: Path) -> str:
    with pytest.raises(InputError) as error:
        tracker(path)
    assert error.value.exit_code == 2
    assert "is not a file of known vulnerabilities that can be read" in error.value.message
    return "\n".join(error.value.details)


def test_debians_tracker_is_read_for_the_sources_of_the_image(tmp_path: Path) -> None:
    told = tracker(debian(tmp_path / "tracker.json"))
    assert (told.kind, told.known) == ("Debian security tracker", 4)
    told = [f"{finding.name} {finding.source.name}" for finding in told.findings]
    assert told == ["CVE-2026-100 openssl", "CVE-2026-200 openssl", "CVE-2026-300 vim"]


def single(path: Path) -> Path:
    path.write_text(json.dumps(osv_entry(1)))
    return path


def several(path: Path) -> Path:
    path.write_text(json.dumps([osv_entry(1), osv_entry(2)]))
    return path


def folder(path: Path) -> Path:
    (path / "inner").mkdir(parents=True)
    single(path / "1.json")
    (path / "inner/2.json").write_text(json.dumps(osv_entry(2)))
    (path / "README").write_text("not an entry")
    return path


def packed(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for number in (1, 2):
            archive.writestr(f"{number}.json", json.dumps(osv_entry(number)))
    return path


@pytest.mark.parametrize(("make", "count"), [(single, 1), (several, 2), (folder, 2), (packed, 2)])
def test_osv_is_read_as_an_entry_a_list_a_directory_and_an_archive(
    make: Callable[[Path], Path], count: int, tmp_path: Path
) -> None:
    told = tracker(make(tmp_path / "osv"))
    assert (told.kind, told.known) == ("OSV", count)
    found = [finding.name for finding in told.findings]
    assert found == [f"CVE-2026-{number + 1}" for number in range(count)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "neither a JSON object nor"),
        (b"<html>", "neither a JSON object nor"),
        (b"{}", "no vulnerability at all"),
        (b"[]", "no vulnerability at all"),
        (b'{"openssl": {}}', "no vulnerability at all"),
        (b'{"openssl": {"CVE-2026-1": {"releases": {"bookworm"', "truncated"),
        (b'[{"id": "X", "modified": "2026-01-01T00:00:00Z"}, {"id"', "truncated"),
        (b'{"id": "DSA-1"}', "modified"),
        (b"[1, 2]", "should be a valid dictionary"),
        (b'{"bomFormat": "CycloneDX", "components": []}', "should be a valid dictionary"),
        (
            b'{"packages": [{"name": "vim"}], "build": "x"}',
            "should be a valid dictionary",
        ),
        (b"PK\x03\x04broken", "zip file"),
    ],
)
def test_files_of_the_wrong_kind_are_refused_with_the_reason(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert reason in refused(path)


def test_a_truncated_tracker_tells_nothing_of_what_came_before(tmp_path: Path) -> None:
    path = debian(tmp_path / "tracker.json")
    path.write_bytes(path.read_bytes()[:-20])
    assert "truncated" in refused(path)


def test_archives_that_are_truncated_encrypted_or_of_something_else_are_refused(
    tmp_path: Path,
) -> None:
    path = packed(tmp_path / "osv.zip")
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    assert "zip file" in refused(path)
    start = b"PK\x01\x02\x14\x03\x14\x00"  # of an entry in its directory, before its flags
    path.write_bytes(whole.replace(start + b"\0", start + b"\1"))
    assert "encrypted" in refused(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("README", "no entry")
    assert "archive without any .json" in refused(path)


def test_a_directory_without_entries_is_refused(tmp_path: Path) -> None:
    assert "directory without any .json" in refused(tmp_path)


def test_a_part_that_does_not_fit_into_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_stream, "PART_LIMIT", 100)
    assert "A part of it has more than" in refused(debian(tmp_path / "tracker.json"))


def dated(path: Path, when: datetime) -> Path:
    os.utime(path, (when.timestamp(),) * 2)
    return path


def test_debians_file_is_as_old_as_its_date_says(tmp_path: Path) -> None:
    path = debian(tmp_path / "tracker.json")
    assert tracker(dated(path, WHEN - timedelta(days=3))).of == WHEN - timedelta(days=3)
    assert tracker(dated(path, WHEN + timedelta(days=3))).of == WHEN


def test_a_copy_of_the_year_before_is_as_old_as_its_newest_cve(tmp_path: Path) -> None:
    cve = {"CVE-2024-7": {"releases": {"bookworm": {"status": "open"}}}}
    path = tmp_path / "tracker.json"
    path.write_text(json.dumps({"openssl": cve}))
    told = tracker(dated(path, WHEN))
    assert told.of == datetime(2025, 1, 1, tzinfo=UTC)
    (doubt,) = doubts(told, "debian-12", now=WHEN)
    assert "is old: it knows nothing that is newer than 2025-01-01" in doubt


def test_osv_is_as_old_as_its_newest_entry(tmp_path: Path) -> None:
    path = tmp_path / "osv.json"
    entries = [osv_entry(1, "2025-11-01T00:00:00Z"), osv_entry(2, "2025-12-30T00:00:00Z")]
    path.write_text(json.dumps(entries))
    assert doubts(tracker(path), "debian-12", now=WHEN) == []
    path.write_text(json.dumps(entries[:1]))
    assert "is old" in doubts(tracker(path), "debian-12", now=WHEN)[0]


def test_a_file_that_does_not_know_the_distribution_says_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "tracker.json"
    path.write_text(json.dumps({"vim": {"CVE-2026-1": {"releases": {"sid": {"status": "open"}}}}}))
    (doubt,) = doubts(tracker(path), "debian-12", now=WHEN)
    assert "has nothing at all of debian-12" in doubt
