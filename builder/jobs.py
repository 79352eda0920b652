"""A proof's jobs, which run side by side, and what each of them finds."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from builder.cores import Cores
from builder.manifest import BootRecord, Evidence


@dataclass(frozen=True)
class Result:
    """What one job has found."""

    evidence: Sequence[Evidence]
    boots: Sequence[BootRecord] = ()
    libguestfs: str = ""
    """The version that the inspections were made with, where the job made some."""


Job = Callable[[Cores], Result]
"""Has a core when it is called."""


def side_by_side(jobs: Sequence[Job], ended: Callable[[Result], None]) -> None:
    """Run the jobs, as many at once as there are cores. One's error cancels the rest.

    ``ended`` is given each result at once. Raises the first error when all jobs have ended.
    """
    cores = Cores(len(os.sched_getaffinity(0)), len(jobs))
    first: BaseException | None = None

    def run(number: int) -> Result:
        with cores.taken(number):
            return jobs[number](cores)

    with ThreadPoolExecutor(max_workers=max(1, len(jobs))) as pool:
        futures = [pool.submit(run, number) for number in range(len(jobs))]
        try:
            for future in as_completed(futures):
                try:
                    ended(future.result())
                except (Exception, CancelledError) as error:  # noqa: BLE001 - raised below
                    first = first or error
                    cores.cancel()
        except BaseException:
            cores.cancel()
            raise
    if first is not None:
        raise first
