"""What users were promised of an image, as reasons for a new one. Pure.

The words are those of the SCS standard 0102 (image metadata): ``replace_frequency``,
``provided_until``, ``uuid_validity``, ``hotfix_hours``.
"""

import contextlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from builder.due.judgement import Kind, Reason
from builder.profile.publication import Publication
from builder.words import day_of

NEXT_RUN = timedelta(days=1)
"""What falls due before the next run of a nightly job is due in this one."""

_PERIODS = {
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=28),
    "quarterly": timedelta(days=90),
    "yearly": timedelta(days=365),
}
"""The shortest of each kind; ``critical_bug`` and ``never`` have none."""


def broken_promises(
    promises: Publication, built: datetime, where: str, *, now: datetime
) -> Iterator[Reason]:
    """The promises that would be broken without a new image before the next run.

    ``built`` is the date of the image that users have now, ``where`` the cloud or the build that it
    is in. After ``provided_until`` no newer image is owed to anybody.
    """
    end = _last_moment(promises.provided_until)
    period = _PERIODS.get(promises.replace_frequency)
    over = end is not None and now > end
    if period is not None and not over and now + NEXT_RUN > built + period:
        yield Reason(
            Kind.DEADLINE,
            f"replace_frequency of {where}",
            f"{promises.replace_frequency}, built {day_of(built)}",
            f"to be replaced by {day_of(built + period)}",
            must=True,
        )
    for name, text, what in (
        ("provided_until", promises.provided_until, "the profile promises no image after it"),
        ("uuid_validity", promises.uuid_validity, "its id need not be there after it"),
    ):
        last = _last_moment(text)
        if last is not None and now <= last < now + NEXT_RUN:
            yield Reason(
                Kind.DEADLINE,
                f"{name} of {where}",
                f"built {day_of(built)}",
                f"ends with {text}",
                f"{what}: prolong it in the profile's section 'publish'",
                must=True,
            )


def hotfix_deadline(promises: Publication, since: datetime | None) -> datetime | None:
    """Until when a hole is to be closed that is closed elsewhere since then; None: no promise.

    None, too, for 0 hours: by the standard that is the promise to try, without a time.
    """
    if since is None or not promises.hotfix_hours:
        return None
    return since + timedelta(hours=promises.hotfix_hours)


def _last_moment(text: str) -> datetime | None:
    """The end of a day that a promise names; None where it names none."""
    with contextlib.suppress(ValueError):
        return datetime.combine(date.fromisoformat(text), time.max, UTC)
    return None
