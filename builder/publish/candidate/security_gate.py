"""Whether a build lacks security updates for longer than its publisher allows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from builder.archive.security import Lag, security_lag
from builder.errors import HostError
from builder.host.paths import cache_directory
from builder.publish.candidate.admission import Refused
from builder.store.manifest import Manifest
from builder.words import shortened, span


def require_updates(build: Manifest, limit: timedelta) -> None:
    """Ask the distribution's archive of security updates, and judge what it says.

    Raises ``Refused`` where the build lacks an update that is there for longer than ``limit``, and
    ``HostError`` where that is not known.
    """
    judge(build, security_lag(build, cache=cache_directory()), limit, now=datetime.now(UTC))


def judge(build: Manifest, lag: Lag, limit: timedelta, *, now: datetime) -> None:
    """Raise as ``require_updates``. Pure."""
    name = f"Build {build.build} of {build.planned().profile}"
    late = [update for update in lag.updates if update.older_than(limit, now)]
    if late:
        raise Refused(
            f"{name} is not published: it lacks security updates that are there for more than"
            f" {span(limit)}.",
            details=shortened(update.told(now) for update in late),
            hint=f"Build it anew: guest-image image {build.planned().profile} --fresh. All that it"
            " lacks is told by guest-image security.",
        )
    if reasons := [*lag.unknown, *_undated(lag, limit, now)]:
        raise HostError(
            f"{name} is not published: it is unknown whether it lacks security updates for more"
            f" than {span(limit)}.",
            details=shortened(reasons),
            hint="Build it anew, or publish it without --max-security-lag.",
        )


def _undated(lag: Lag, limit: timedelta, now: datetime) -> Iterator[str]:
    for update in lag.updates:
        if update.older_than(limit, now) is None:
            yield f"{update.told(now)}, for the mirror does not tell its file's date."
