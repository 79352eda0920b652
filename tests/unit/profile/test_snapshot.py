"""Moments of an archive's past, and addresses of snapshots."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.profile.snapshot import moment, snapshot_address, told

AT = datetime(2026, 11, 1, 12, 30, 5, tzinfo=UTC)


def test_a_day_is_its_beginning_in_utc() -> None:
    assert moment("2026-11-01") == datetime(2026, 11, 1, tzinfo=UTC)
    assert moment("2026-11-01T12:30:05Z") == AT


@pytest.mark.parametrize(
    "text",
    [
        "", "last week", "2026-11-31", "2026-11-01T25:00:00Z", "2026-11-01T12:30:05",
        "2026-11-01T12:30:05+01:00", "20261101", "2026-11-01\n", "٢٠٢٦-١١-٠١",
    ],
)  # fmt: skip
def test_another_text_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match="is not a moment: write 2026-11-01 or"):
        moment(text)


@given(st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_moment_is_read_as_it_is_told(at: datetime) -> None:
    assert moment(told(at)) == at.replace(microsecond=0)


@given(st.text())
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    try:
        at = moment(text)
    except ValueError:
        return
    assert told(at).startswith(text.removesuffix("Z"))


def test_the_address_of_a_snapshot_has_the_moment_in_either_form() -> None:
    template = "https://a.example/debian/{at}/x{date}/{at}"
    assert snapshot_address(template, AT) == (
        "https://a.example/debian/20261101T123005Z/x2026-11-01/20261101T123005Z"
    )
    assert snapshot_address("https://a.example/frozen", AT) == "https://a.example/frozen"
