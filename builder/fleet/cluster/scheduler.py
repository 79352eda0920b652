"""The scheduler of a fleet."""

import time
from datetime import timedelta
from typing import Any

from builder.fleet.cluster.dashboard import QuietScheduler

_SET = timedelta(seconds=1)
"""A clock that went so much other than the stopwatch was set: NTP slews it far more slowly."""


class FleetScheduler(QuietScheduler):
    """One that counts no worker as dead because its own clock was set.

    Dask does by itself: it compares the time of day with that at which a worker was last heard of.
    """

    def __init__(self, **options: Any) -> None:
        """As Dask's. Any: Dask's."""
        self._offset = _offset()
        super().__init__(**options)

    async def check_worker_ttl(self) -> None:
        """End workers that were not heard of for minutes, from now on where the clock was set."""
        before, self._offset = self._offset, _offset()
        if abs(self._offset - before) > _SET:
            for worker in self.workers.values():
                worker.last_seen = time.time()
        await super().check_worker_ttl()


def _offset() -> timedelta:
    """What the clock is ahead of the stopwatch."""
    return timedelta(seconds=time.time() - time.monotonic())
