"""Whether a release file is one that an archive had, valid, at a moment."""

from datetime import UTC, datetime

import pytest

from builder.archive.release import made, untimely

AT = datetime(2026, 11, 1, tzinfo=UTC)
BEFORE = "Fri, 30 Oct 2026 10:00:00 UTC"


@pytest.mark.parametrize(
    "said",
    [
        {"Date": BEFORE},
        {"Date": BEFORE, "Valid-Until": "Fri, 06 Nov 2026 10:00:00 UTC"},
        {"Date": "Sun, 01 Nov 2026 00:00:00 UTC", "Valid-Until": "Sun, 01 Nov 2026 00:00:00 UTC"},
    ],
)
def test_what_was_valid_then_is_taken(said: dict[str, str]) -> None:
    assert untimely(said, AT) == ""


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({}, "does not say of when it is"),
        ({"Date": "soon"}, "does not say of when it is"),
        ({"Date": "Sun, 01 Nov 2026 00:00:01 UTC"}, "is of 2026-11-01 00:00 UTC"),
        (
            {"Date": BEFORE, "Valid-Until": "Sat, 31 Oct 2026 23:59:59 UTC"},
            "is of 2026-10-30 10:00 UTC, and was valid until 2026-10-31 23:59 UTC",
        ),
        ({"Date": BEFORE, "Valid-Until": "ever"}, "was valid until a day that is none"),
    ],
)
def test_what_was_not_there_then_is_told_with_its_times(said: dict[str, str], reason: str) -> None:
    assert reason in untimely(said, AT)


def test_a_date_is_read_in_utc_whatever_zone_it_is_told_in() -> None:
    assert made({"Date": "Fri, 30 Oct 2026 12:00:00 +0200"}) == datetime(
        2026, 10, 30, 10, tzinfo=UTC
    )
