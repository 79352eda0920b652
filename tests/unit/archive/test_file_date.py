import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from webserver import Files, serving

from builder.archive.file_date import date_of, file_dates


def test_a_mirror_tells_the_date_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "zstd.deb"
    file.write_bytes(b"\0")
    when = datetime(2026, 3, 1, 2, 3, 4, tzinfo=UTC)
    os.utime(file, (when.timestamp(),) * 2)
    with serving(Files, root=str(tmp_path)) as server:
        found = file_dates(
            {"zstd": f"{server.url}/zstd.deb", "gone": f"{server.url}/gone.deb"}, limit=3
        )
    assert found == {"zstd": when}


def test_a_mirror_that_does_not_answer_tells_nothing() -> None:
    assert file_dates({"a": "http://127.0.0.1:9/a", "b": "not an address"}, limit=3) == {}


def test_nobody_is_asked_when_the_time_is_over(tmp_path: Path) -> None:
    (tmp_path / "zstd.deb").write_bytes(b"\0")
    with serving(Files, root=str(tmp_path)) as server:
        assert file_dates({"zstd": f"{server.url}/zstd.deb"}, limit=0) == {}


@pytest.mark.parametrize("text", ["", "yesterday", "Mon, 30 Nov 2026 99:99:99 UTC"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert date_of(text) is None


def test_a_date_without_a_zone_is_of_utc() -> None:
    expected = datetime(2026, 11, 28, 2, 53, tzinfo=UTC)
    assert date_of("Sat, 28 Nov 2026 02:53:00 -0000") == expected
    assert date_of("Sat, 28 Nov 2026 02:53:00 UTC") == expected
