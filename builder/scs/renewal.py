"""Whether an image is as recent as it promises, and old ones are marked so: SCS-0102. Pure."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from builder.scs.image import ScsImage
from builder.scs.purpose import GENERIC, OLDGENERIC, PURPOSE
from builder.scs.remedy import giving
from builder.scs.shortfall import METADATA, Level, Shortfall

GRACE = timedelta(days=3)
"""The standard takes no offence at a replacement that comes so much later."""

CLOCK_SKEW = timedelta(minutes=5)
"""How far the clocks of a build host and a cloud may differ."""

_PERIODS = {
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=31),
    "quarterly": timedelta(days=92),
    "yearly": timedelta(days=366),
}
"""The longest of each kind; ``critical_bug`` and ``never`` have none."""

_OFTEN = frozenset({"daily", "weekly", "monthly"})


def build_date(image: ScsImage) -> datetime | None:
    """Its ``image_build_date``, in UTC; None where it has none that can be read."""
    try:
        stamp = datetime.fromisoformat(image.properties.get("image_build_date", ""))
    except ValueError:
        return None
    return stamp.astimezone(UTC) if stamp.tzinfo else stamp.replace(tzinfo=UTC)


def rotated(image: ScsImage) -> bool:
    """Whether it is marked as replaced: hidden, by its purpose, or by its name's last word.

    That is a date (``20260131``, ``2026-01-31``, ``20260131T010203Z``), ``old`` or ``prev``.
    """
    _, _, word = image.name.rpartition(" ")
    return (
        image.hidden
        or image.purpose == OLDGENERIC
        or (word != image.name and (word in ("old", "prev") or _is_dated(word)))
    )


def _is_dated(word: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}(T[0-9]{6}Z)?", word):
        return False
    try:
        return bool(datetime.fromisoformat(word))
    except ValueError:
        return False


def date_shortfalls(image: ScsImage, now: datetime) -> Iterator[Shortfall]:
    """A build date that cannot be: of the future, or later than the image's registration."""
    built = build_date(image)
    if built is None:
        return
    limits = ((image.registered, "it is registered"), (now, "today"))
    for limit, what in limits:
        if limit is not None and built - limit > CLOCK_SKEW:
            yield Shortfall(
                METADATA, Level.MUST, "image_build_date",
                "an image is built before it is registered, and before today",
                f"it is built {_day(built)}, and {what} {_day(limit)}",
                giving(image, "image_build_date", "DATE"),
            )  # fmt: skip
            return


def recency_shortfalls(image: ScsImage, now: datetime) -> Iterator[Shortfall]:
    """An image that should have been replaced by now, or is replaced too seldom."""
    frequency = image.properties.get("replace_frequency", "")
    period, built = _PERIODS.get(frequency), build_date(image)
    if rotated(image) or _is_over(image, now):
        return
    if period is not None and built is not None and now > built + period + GRACE:
        yield Shortfall(
            METADATA, Level.MUST, "replace_frequency",
            f"a newer image takes the name at least {frequency}, or {GRACE.days} days later",
            f"it is of {_day(built)}, {(now - built).days} days old",
            "Build and publish a newer one; 'guest-image due' tells a nightly job when.",
        )  # fmt: skip
    if frequency not in _OFTEN:
        yield Shortfall(
            METADATA, Level.SHOULD, "replace_frequency", "images are replaced at least monthly",
            f"it is {frequency or 'missing'}", giving(image, "replace_frequency", "monthly"),
        )  # fmt: skip


def rotation_shortfalls(image: ScsImage) -> Iterator[Shortfall]:
    """A replaced image that is generic still."""
    if image.hidden and image.purpose == GENERIC:
        yield Shortfall(
            METADATA, Level.SHOULD, PURPOSE, "a generic image that was replaced is oldgeneric",
            "it is hidden, and generic",
            f"openstack image set --property {PURPOSE}={OLDGENERIC} {image.id}",
        )  # fmt: skip


def _is_over(image: ScsImage, now: datetime) -> bool:
    """Whether nothing newer is promised any more."""
    try:
        last = date.fromisoformat(image.properties.get("provided_until", ""))
    except ValueError:
        return False
    return now > datetime.combine(last, time.max, UTC)


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
