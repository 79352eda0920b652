"""Jobs wait here until a worker has room for them, and not at a worker.

Dask gives a job to a worker at once, there to wait until resources are free; another worker that
is idle before that, or comes later, does not get it. The same holds for a cloud: who waits for it
at a worker keeps that from steps whose clouds are free.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Protocol, Self

from builder.fleet.capacity import places_of
from builder.fleet.cluster.abilities import Resources, lacking, wanted
from builder.fleet.executor import Executor
from builder.fleet.job import Job, Outcome


class Cluster(Executor, Protocol):
    """An executor that has workers."""

    def announced(self) -> Sequence[Resources]:
        """What each of its workers can do."""


class WaitingExecutor:
    """Hands jobs on, in their order, as there is room for them among all workers.

    And as their clouds are free: each has one step at a time.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._waiting: list[Job] = []
        self._handed: dict[str, Job] = {}

    def __enter__(self) -> Self:
        self._cluster.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._cluster.__exit__(kind, error, traceback)

    def submit(self, job: Job) -> None:
        """Let it wait; ``next`` hands on what there is room for."""
        self._waiting.append(job)

    def next(self, seconds: float) -> Outcome | None:
        """What has ended next; None after so many seconds. Raises what the cluster raises."""
        if self._waiting:
            self._hand_on(self._cluster.announced())
        outcome = self._cluster.next(seconds)
        if outcome is not None:
            del self._handed[outcome.step.id]
        return outcome

    def _hand_on(self, workers: Sequence[Resources]) -> None:
        left = _left(workers, self._handed.values())
        used = {place for job in self._handed.values() for place in places_of(job)}
        for job in tuple(self._waiting):
            wants, places = wanted(job), places_of(job)
            is_room = used.isdisjoint(places) and all(left[name] >= wants[name] for name in wants)
            # What no worker can do is the cluster's to give up.
            if is_room or lacking(job, workers):
                self._waiting.remove(job)
                self._handed[job.step.id] = job
                self._cluster.submit(job)
                left.subtract(wants)
                used.update(places)


def _left(workers: Iterable[Resources], jobs: Iterable[Job]) -> "Counter[str]":
    """What all workers together have, without what the jobs want."""
    left: Counter[str] = Counter()
    for worker in workers:
        left.update(worker)
    for job in jobs:
        left.subtract(wanted(job))
    return left
