"""Which job runs when: each has one of this host's cores, for an emulated guest wants a whole one.

It knows nothing of what the jobs do.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class Scheduler:
    """Slots, one for each core, and the jobs that have them, in their order.

    A job that is idle yields its slot to the next one. Once ``cancelled`` is set no other begins;
    those that have begun look at it themselves.
    """

    def __init__(self, slots: int, jobs: int) -> None:
        self.cancelled = threading.Event()
        self._free = slots
        self._queue = deque(range(jobs))
        self._changed = threading.Condition()

    @contextmanager
    def slot(self, job: int) -> Iterator[None]:
        """Wait for the job's turn and a free slot. Raises ``CancelledError``."""
        with self._changed:
            self._changed.wait_for(lambda: self.cancelled.is_set() or self._is_next(job))
            if self.cancelled.is_set():
                raise CancelledError
            self._queue.popleft()
            self._free_slots(-1)
        try:
            yield
        finally:
            self._free_slots(1)

    @contextmanager
    def yield_slot(self) -> Iterator[None]:
        """Let another job begin meanwhile. Afterwards both go on: a guest's clock does not wait."""
        self._free_slots(1)
        try:
            yield
        finally:
            self._free_slots(-1)

    def cancel(self) -> None:
        """Let no other job begin, and tell those that run."""
        self.cancelled.set()
        self._free_slots(0)

    def _is_next(self, job: int) -> bool:
        return self._free > 0 and self._queue[0] == job

    def _free_slots(self, count: int) -> None:
        with self._changed:
            self._free += count
            self._changed.notify_all()


def run_parallel(jobs: Sequence[Callable[[Scheduler], T]], ended: Callable[[T], None]) -> None:
    """Run the jobs, as many at once as there are cores. One's error cancels the rest.

    A job has a slot when it is called. ``ended`` is given each result at once. Raises the first
    error when all jobs have ended.
    """
    scheduler = Scheduler(len(os.sched_getaffinity(0)), len(jobs))
    first: BaseException | None = None

    def run(number: int) -> T:
        with scheduler.slot(number):
            return jobs[number](scheduler)

    with ThreadPoolExecutor(max_workers=max(1, len(jobs))) as pool:
        futures = [pool.submit(run, number) for number in range(len(jobs))]
        try:
            for future in as_completed(futures):
                try:
                    ended(future.result())
                except (Exception, CancelledError) as error:  # noqa: BLE001 - raised below
                    first = first or error
                    scheduler.cancel()
        except BaseException:
            scheduler.cancel()
            raise
    if first is not None:
        raise first
