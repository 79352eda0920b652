"""Who may use this host's cores: emulated guests want a whole one each."""

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager


class Cores:
    """The host's cores and the jobs that take them, in their order, one each.

    A job that waits for a watchdog lends its core to the next one. ``cancelled`` ends those that
    have begun soon, with ``InterruptedByUser``, and lets no other begin.
    """

    def __init__(self, count: int, jobs: int = 0) -> None:
        self.cancelled = threading.Event()
        self._free = count
        self._queue = deque(range(jobs))
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, job: int) -> Iterator[None]:
        """Wait for the job's turn and a free core. Raises ``CancelledError``."""
        with self._changed:
            self._changed.wait_for(lambda: self.cancelled.is_set() or self._is_next(job))
            if self.cancelled.is_set():
                raise CancelledError
            self._queue.popleft()
            self._give(-1)
        try:
            yield
        finally:
            self._give(1)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let another job begin meanwhile. Afterwards both go on: a guest's clock does not wait."""
        self._give(1)
        try:
            yield
        finally:
            self._give(-1)

    def cancel(self) -> None:
        """End all jobs."""
        self.cancelled.set()
        self._give(0)

    def _is_next(self, job: int) -> bool:
        return self._free > 0 and self._queue[0] == job

    def _give(self, count: int) -> None:
        with self._changed:
            self._free += count
            self._changed.notify_all()
