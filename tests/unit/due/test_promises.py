from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from builder.due.promises import broken_promises, hotfix_deadline
from builder.profile.publication import Publication

BUILT = datetime(2026, 3, 1, 2, tzinfo=UTC)


def told(now: datetime, **promises: Any) -> list[tuple[str, str]]:
    settings = Publication(**promises)
    found = list(broken_promises(settings, BUILT, "base", now=now))
    assert all(reason.must for reason in found)
    return [(reason.subject, reason.new) for reason in found]


@pytest.mark.parametrize(
    ("frequency", "days"),
    [("daily", 1), ("weekly", 7), ("monthly", 28), ("quarterly", 90), ("yearly", 365)],
)
def test_an_image_is_replaced_the_night_before_it_must_be(frequency: str, days: int) -> None:
    due = BUILT + timedelta(days=days - 1)
    early, late = due - timedelta(hours=1), due + timedelta(minutes=1)
    assert told(early, replace_frequency=frequency) == []
    deadline = f"to be replaced by {BUILT + timedelta(days=days):%Y-%m-%d %H:%M} UTC"
    assert told(late, replace_frequency=frequency) == [("replace_frequency of base", deadline)]


@pytest.mark.parametrize("frequency", ["never", "critical_bug"])
def test_no_time_replaces_what_is_not_replaced_by_time(frequency: str) -> None:
    assert told(BUILT + timedelta(days=4000), replace_frequency=frequency) == []


def test_after_the_last_day_nothing_is_owed() -> None:
    promises = {"replace_frequency": "weekly", "provided_until": "2026-04-01"}
    assert len(told(datetime(2026, 3, 30, tzinfo=UTC), **promises)) == 1
    assert told(datetime(2026, 4, 2, 1, tzinfo=UTC), **promises) == []


@pytest.mark.parametrize("name", ["provided_until", "uuid_validity"])
@pytest.mark.parametrize(
    ("day", "due"), [("2026-03-31", False), ("2026-04-01", True), ("2026-04-02", False)]
)
def test_a_promise_that_ends_is_told_on_its_last_day(name: str, day: str, *, due: bool) -> None:
    now = datetime.fromisoformat(f"{day}T02:00+00:00")
    expected = [(f"{name} of base", "ends with 2026-04-01")] if due else []
    assert told(now, **{name: "2026-04-01"}) == expected


@pytest.mark.parametrize("word", ["none", "notice", "forever", "last-3"])
def test_words_that_name_no_day_have_no_deadline(word: str) -> None:
    assert told(BUILT + timedelta(days=4000), uuid_validity=word) == []


def test_a_hole_is_closed_within_the_hours_that_are_promised() -> None:
    settings = Publication(hotfix_hours=48)
    assert hotfix_deadline(settings, BUILT) == BUILT + timedelta(days=2)
    assert hotfix_deadline(settings, None) is None
    assert hotfix_deadline(Publication(), BUILT) is None


def test_no_hours_at_all_promise_to_try_and_no_time() -> None:
    assert hotfix_deadline(Publication(hotfix_hours=0), BUILT) is None
