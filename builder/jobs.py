"""A proof's jobs, which run side by side, and what each of them finds."""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from builder.manifest import BootRecord, Evidence


@dataclass(frozen=True)
class Result:
    """What one job has found."""

    evidence: Sequence[Evidence]
    boots: Sequence[BootRecord] = ()
    libguestfs: str = ""
    """The version that the inspections were made with, where the job made some."""


Job = Callable[[threading.Event], Result]
"""Ends soon, with ``InterruptedByUser``, when its event is set."""


def side_by_side(jobs: Sequence[Job], ended: Callable[[Result], None]) -> None:
    """Run the jobs in as many threads as there are cores, and one more.

    Jobs wait for watchdogs and restarts; another one uses that time. One's error cancels the rest.

    ``ended`` is given each result at once. Raises the first error when all jobs have ended.
    """
    cancelled = threading.Event()
    first: BaseException | None = None
    with ThreadPoolExecutor(max_workers=len(os.sched_getaffinity(0)) + 1) as pool:
        futures = [pool.submit(job, cancelled) for job in jobs]

        def cancel() -> None:
            cancelled.set()
            pool.shutdown(wait=False, cancel_futures=True)

        try:
            for future in as_completed(futures):
                try:
                    ended(future.result())
                except (Exception, CancelledError) as error:  # noqa: BLE001 - raised below
                    first = first or error
                    cancel()
        except BaseException:
            cancel()
            raise
    if first is not None:
        raise first
