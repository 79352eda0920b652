"""Steps on this machine, as many side by side as it has CPUs and memory for."""

import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from builder.build.requirements import available_memory
from builder.errors import InterruptedByUser
from builder.fleet.capacity import Capacity, Demand, computing, demand_of
from builder.fleet.job import Job, Outcome
from builder.fleet.perform import Place, Turn, defect, perform

_MOST = 64
"""Steps side by side: those that wait for clouds want no CPU."""


class LocalExecutor:
    """Runs each job's verbs beside this program; a thread of it waits for each."""

    def __init__(
        self, place: Place, tell: Callable[[Job, str], None], capacity: Capacity | None = None
    ) -> None:
        self._place = place
        self._tell = tell
        self._capacity = capacity or Capacity(os.sched_getaffinity(0), available_memory())
        self._waiting: list[tuple[Job, Demand]] = []
        self._running: dict[str, tuple[Demand, tuple[int, ...]]] = {}
        self._ended: queue.Queue[Outcome] = queue.Queue()
        self._cancelled = threading.Event()
        self._threads = ThreadPoolExecutor(_MOST, thread_name_prefix="fleet")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._cancelled.set()
        self._threads.shutdown()

    def submit(self, job: Job) -> None:
        """Let it wait for its turn; ``next`` begins what there is room for."""
        self._waiting.append((job, demand_of(job.step, job.source)))

    def next(self, seconds: float) -> Outcome | None:
        """What has ended next, or None after so many seconds."""
        self._begin()
        try:
            outcome = self._ended.get(timeout=seconds)
        except queue.Empty:
            return None
        self._capacity.give(*self._running.pop(outcome.step.id))
        return outcome

    def _begin(self) -> None:
        """Begin, in their order, those that fit; one that does not must not hold up the others."""
        for job, demand in tuple(self._waiting):
            among = [each for _, each in self._waiting] + [
                each for each, _ in self._running.values()
            ]
            cpus = self._capacity.take(demand, computing(among) - (demand.cpus > 0))
            if cpus is not None:
                self._waiting.remove((job, demand))
                self._running[job.step.id] = demand, cpus
                self._threads.submit(self._run, job, cpus)

    def _run(self, job: Job, cpus: tuple[int, ...]) -> None:
        turn = Turn(cpus, self._cancelled, lambda phase: self._tell(job, phase))
        try:
            self._ended.put(perform(job, self._place, turn))
        except InterruptedByUser:
            return
        except Exception as error:  # noqa: BLE001 - a defect in one step must not hang the others
            self._ended.put(defect(job, error))
