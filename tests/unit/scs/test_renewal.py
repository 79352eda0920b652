"""Whether an image is as recent as SCS-0102 wants it by its own promise."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scs_images import GOOD, NOW, found, generic, like, told

from builder.publish.cloud.names import dated
from builder.scs.image import ScsImage
from builder.scs.renewal import build_date, rotated
from builder.scs.shortfall import Level

MUST, SHOULD = Level.MUST, Level.SHOULD
BUILT = datetime(2026, 3, 10, 4, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("frequency", "days"),
    [("daily", 1), ("weekly", 7), ("monthly", 31), ("quarterly", 92), ("yearly", 366)],
)
def test_an_image_is_replaced_within_its_period_and_three_days(frequency: str, days: int) -> None:
    image = like(properties={"replace_frequency": frequency})
    last = BUILT + timedelta(days=days + 3)
    assert (MUST, "replace_frequency") not in found(image, now=last)
    late = told(image, now=last + timedelta(seconds=1))[0]
    assert (late.level, late.subject) == (MUST, "replace_frequency")
    assert f"{days + 3} days old" in late.found


@pytest.mark.parametrize("frequency", ["critical_bug", "never"])
def test_no_age_is_too_great_where_time_replaces_nothing(frequency: str) -> None:
    image = like(properties={"replace_frequency": frequency})
    assert found(image, now=BUILT + timedelta(days=700)) == [(SHOULD, "replace_frequency")]


@pytest.mark.parametrize("frequency", ["quarterly", "yearly"])
def test_less_than_monthly_is_advised_against(frequency: str) -> None:
    image = like(properties={"replace_frequency": frequency})
    assert found(image) == [(SHOULD, "replace_frequency")]


@pytest.mark.parametrize(
    "image",
    [
        like(hidden=True),
        like(properties={"os_purpose": "oldgeneric"}),
        like(name="Debian 12 for databases 20260310"),
        like(name=dated(GOOD.name, BUILT)),
        like(name="Debian 12 prev"),
        like(properties={"provided_until": "2026-04-30"}),
    ],
    ids=["hidden", "oldgeneric", "dated", "dated-here", "prev", "provided-no-longer"],
)
def test_what_has_been_replaced_or_is_over_may_be_old(image: ScsImage) -> None:
    assert found(image, now=datetime(2026, 5, 1, tzinfo=UTC)) == []
    assert found(GOOD, now=datetime(2026, 5, 1, tzinfo=UTC)) == [(MUST, "replace_frequency")]


def test_it_is_promised_until_the_end_of_the_last_day() -> None:
    image = like(properties={"provided_until": "2026-04-30"})
    assert found(image, now=datetime(2026, 4, 30, 23, 59, tzinfo=UTC)) == [
        (MUST, "replace_frequency")
    ]


@pytest.mark.parametrize(
    ("name", "marked"),
    [
        ("Debian 12", False),
        ("20260310", False),
        ("Debian 20261301", False),
        ("Debian 2026-0310", False),
        ("Debian 12 2026-03-10", True),
        ("Debian 12 20260310", True),
        ("Debian 12 20260310T040506Z", True),
        ("Debian old", True),
        ("old", False),
    ],
)
def test_a_replaced_image_is_known_by_its_names_last_word(name: str, *, marked: bool) -> None:
    assert rotated(like(name=name)) == marked


@given(st.text())
def test_whatever_name_there_is_is_read(text: str) -> None:
    assert rotated(like(name=text)) in (True, False)
    assert rotated(like(name=f"{text} 20260310"))


@given(st.text(), st.datetimes(datetime(1970, 1, 1), datetime(2999, 12, 31)))  # noqa: DTZ001 - UTC
def test_a_build_date_is_read_back_and_anything_else_is_none(text: str, built: datetime) -> None:
    seconds = built.replace(microsecond=0)
    image = like(properties={"image_build_date": f"{seconds:%Y-%m-%d %H:%M:%S}"})
    assert build_date(image) == seconds.replace(tzinfo=UTC)
    other = build_date(like(properties={"image_build_date": text}))
    assert other is None or other.tzinfo is UTC


@pytest.mark.parametrize(
    ("built", "now", "said"),
    [
        ("2026-03-10 06:00:00", NOW, "it is registered 2026-03-10 05:00 UTC"),
        ("2026-03-10 04:05:06", BUILT - timedelta(hours=1), "today 2026-03-10 03:05 UTC"),
    ],
)
def test_a_date_that_cannot_be_is_told(built: str, now: datetime, said: str) -> None:
    (shortfall,) = told(like(properties={"image_build_date": built}), now=now)
    assert (shortfall.level, shortfall.subject) == (MUST, "image_build_date")
    assert said in shortfall.found


def test_clocks_may_differ_by_minutes() -> None:
    assert found(like(properties={"image_build_date": "2026-03-10 05:04:00"})) == []


def test_a_replaced_generic_image_should_be_an_old_one() -> None:
    (shortfall,) = told(generic(hidden=True))
    assert (shortfall.level, shortfall.subject) == (SHOULD, "os_purpose")
    assert shortfall.remedy == "openstack image set --property os_purpose=oldgeneric an-id"
    assert found(like(hidden=True, properties={"os_purpose": "oldgeneric"})) == []
