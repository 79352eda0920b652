"""A fleet of any size, simulated: the real rules of its steps, with time that is counted only.

The graph of steps and their order are those of ``builder.fleet``: its ``run`` hands the jobs to an
executor that has simulated machines, and what a job wants of a worker is ``wanted``. What a step
takes was measured. Left out are Dask's own time (milliseconds a step), failures, and what works
cost each other beyond their shares.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from fleet_site import Site, Worker
from fluid import Fluid, Work

from builder.fleet.capacity import places_of
from builder.fleet.cluster.abilities import SLOTS, Resources, wanted
from builder.fleet.job import Job, Outcome, Result
from builder.fleet.run import run


@dataclass
class _Running:
    job: Job
    worker: Worker
    began: float
    works: Iterator[Work]


class SimulatedExecutor:
    """Does the jobs of a run on a site, in no time."""

    def __init__(self, site: Site) -> None:
        self.fluid = Fluid()
        self.busy = 0.0
        """Seconds of slots."""
        self._site = site
        self._queue: list[tuple[Job, Resources]] = []
        self._running: dict[str, _Running] = {}
        self._clouds: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass

    def submit(self, job: Job) -> None:
        """Let it wait for a worker."""
        self._queue.append((job, wanted(job)))

    def next(self, seconds: float) -> Outcome:  # noqa: ARG002 - time does not pass by itself
        """What ends next, at the simulated time."""
        while True:
            self._place()
            running = self._running[self.fluid.next()]
            if not self._go_on(running):
                return self._end(running)

    def _place(self) -> None:
        """Give jobs to workers with room, in their order: each to the one that does least.

        Clouds have one step at a time.
        """
        waiting, nowhere = [], set()
        for job, wants in self._queue:
            kind = job.step.kind, job.architecture  # all of one kind want the same
            places = set(places_of(job))
            able = [] if kind in nowhere or places & self._clouds else self._able(wants)
            if able:
                worker = min(able, key=lambda each: each.steps)
                worker.change(wants, 1)
                self._clouds |= places
                works = self._site.works(job, worker)
                self._running[job.step.id] = _Running(job, worker, self.fluid.now, works)
                self._go_on(self._running[job.step.id])
            else:
                if not places & self._clouds:
                    nowhere.add(kind)
                waiting.append((job, wants))
        self._queue = waiting

    def _able(self, wants: Resources) -> list[Worker]:
        return [worker for worker in self._site.workers if worker.has_room_for(wants)]

    def _go_on(self, running: _Running) -> bool:
        """Begin the next work of a step, if there is one."""
        work = next(running.works, None)
        if work is not None:
            self.fluid.start(running.job.step.id, work)
        return work is not None

    def _end(self, running: _Running) -> Outcome:
        job, worker = running.job, running.worker
        took = self.fluid.now - running.began
        for cloud in places_of(job):
            seconds = self._site.cloud_seconds
            seconds[cloud] = seconds.get(cloud, 0) + took
            self._clouds.remove(cloud)
        self._site.did(job, worker)
        worker.change(wanted(job), -1)
        del self._running[job.step.id]
        self.busy += took * (SLOTS in wanted(job))
        return Outcome(job.step, Result.DONE, "simulated", seconds=took)


class _Nobody:
    """A watcher that does not look."""

    def submitted(self, job: Job) -> None:
        """A step may begin."""

    def ended(self, outcome: Outcome) -> None:
        """A step has ended."""

    def tick(self) -> None:
        """Time has passed."""


@dataclass(frozen=True)
class Simulated:
    """What came of a simulated run."""

    seconds: float
    slots: float
    """The share of the time of all slots that had a step."""
    cores: float
    store: float
    clouds: float
    """The share of time of the cloud that was held most."""
    bounds: dict[str, float]
    """The seconds that each thing would need by itself: none could end sooner."""

    @property
    def bottleneck(self) -> str:
        """What bounds it most."""
        return max(self.bounds, key=lambda name: self.bounds[name])


def simulate(jobs: Sequence[Job], site: Site) -> Simulated:
    """Run jobs on a site that has done nothing yet."""
    executor = SimulatedExecutor(site)
    run(jobs, executor, _Nobody())
    seconds = executor.fluid.now
    return Simulated(
        seconds=seconds,
        slots=executor.busy / (site.slots * seconds),
        cores=sum(pool.used for pool in site.cores)
        / (sum(pool.capacity for pool in site.cores) * seconds),
        store=site.store.used / (site.store.capacity * seconds),
        clouds=max(site.cloud_seconds.values(), default=0) / seconds,
        bounds=bounds(jobs, site),
    )


def bounds(jobs: Sequence[Job], site: Site) -> dict[str, float]:
    """The seconds that hosts, store, clouds and the longest chain would need by themselves.

    Without what is done on a machine for the first time: no run ends sooner than any of these.
    """
    some = site.workers[0]
    images = {job.step.image for job in jobs}
    ready = Worker(some.cores, some.slots, some.memory, warm=True, builds=images)
    works = {job.step.id: list(site.works(job, ready)) for job in jobs}
    alone = {name: sum(work.alone for work in each) for name, each in works.items()}
    chains, held = dict.fromkeys(images, 0.0), dict.fromkeys(site.cloud_seconds, 0.0)
    for job in jobs:
        chains[job.step.image] += alone[job.step.id]  # steps of an image do not overlap
        for cloud in places_of(job):
            held[cloud] += alone[job.step.id]
    slots = sum(alone[job.step.id] for job in jobs if SLOTS in wanted(job))
    cpu = sum(work.amount for each in works.values() for work in each if work.pool is some.cores)
    cores = sum(pool.capacity for pool in site.cores)
    return {
        "hosts": max(slots / site.slots, cpu / cores),
        "store": site.store.used / site.store.capacity,
        "archive": site.archive.used / site.archive.capacity,
        "a cloud": max(held.values(), default=0.0),
        "longest chain": max(chains.values()),
    }
