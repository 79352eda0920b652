"""A step on a worker: its build is fetched, the step done as on any machine, and its build sent."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

from distributed import Reschedule, Worker, get_worker
from distributed.diagnostics.plugin import WorkerPlugin
from distributed.utils import sync

from builder.errors import BuilderError, HostError, InterruptedByUser
from builder.fleet.capacity import Capacity, demand_of, places_of
from builder.fleet.cluster.files import CONNECT
from builder.fleet.cluster.fitness import UnfitError, require_clock, require_room, rooms
from builder.fleet.cluster.lease import Claim, held
from builder.fleet.cluster.store import Store
from builder.fleet.job import Job, Outcome, Result
from builder.fleet.perform import Place, Turn, perform

TOPIC = "guest-image"
"""Under which a worker tells the phases of its steps."""

WORKSHOP = "guest-image"

PAUSE = 15.0
"""Seconds between two attempts to reach the store: a line that was cut comes back."""
PATIENCE = 120.0
"""Seconds after which that is given up: less than those after which a lease is lost."""


class Workshop(WorkerPlugin):
    """What a worker works with: where its builds are, and which CPUs each of its slots has."""

    name = WORKSHOP

    def __init__(self, place: Place, capacity: Capacity, slots: int) -> None:
        self.place = place
        self._running: set[threading.Event] = set()
        self._capacity = capacity
        self._others = slots - 1
        self._lock = threading.Lock()

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002 - Dask's signature
        """End what runs when the worker ends in order."""
        with self._lock:
            for cancelled in self._running:
                cancelled.set()

    @contextlib.contextmanager
    def step(self) -> Iterator[threading.Event]:
        """A step that runs; the event is set to end it."""
        cancelled = threading.Event()
        with self._lock:
            self._running.add(cancelled)
        try:
            yield cancelled
        finally:
            with self._lock:
                self._running.remove(cancelled)

    @contextlib.contextmanager
    def cpus(self, job: Job) -> Iterator[tuple[int, ...]]:
        """The CPUs of a slot; the scheduler gives no worker more jobs than it has slots."""
        demand = demand_of(job.step)
        with self._lock:
            cpus = self._capacity.take(demand, self._others) or ()
        try:
            yield cpus
        finally:
            with self._lock:
                self._capacity.give(demand, cpus)


def perform_on_worker(job: Job, url: str) -> Outcome:
    """Do a step on this worker, with the builds of a store.

    Raises ``Reschedule`` where this worker is about to end: another one does it then.
    """
    worker = get_worker()
    workshop = worker.plugins[WORKSHOP]
    assert isinstance(workshop, Workshop)
    image, dist = job.step.image, workshop.place.dist

    def tell(phase: str) -> None:
        # The scheduler adds the address as "worker", which tells people less.
        worker.log_event(TOPIC, {"step": job.step.id, "phase": phase, "name": worker.name})

    tell("waiting for its turn")
    # Other fleets may work at the image; and a cloud has one step at a time.
    names = [f"image {image}", *(f"cloud {cloud}" for cloud in places_of(job))]
    claim = Claim(str(worker.get_current_task()), str(worker.name))
    with workshop.step() as cancelled:
        try:
            with held(url, names, claim, cancelled, tell) as leases, workshop.cpus(job) as cpus:
                require_clock(_clock_ahead(worker))
                _tried(lambda: Store(url).fetch(image, dist), cancelled)
                outcome = perform(job, workshop.place, Turn(cpus, cancelled, tell))
                if not outcome.good:
                    told = (outcome.told, *outcome.details)
                    require_room(*rooms(job.step, workshop.place), failed=told)
                _tried(leases.confirm, cancelled)
                _tried(lambda: Store(url).push(image, dist), cancelled)
        except InterruptedByUser as error:
            raise Reschedule from error
        except HostError as error:  # of this machine, or of its line to the store
            return replace(_failed(job, error), unfit=worker.address, host=str(worker.name))
        except BuilderError as error:
            outcome = _failed(job, error)
    return replace(outcome, host=str(worker.name))


def _clock_ahead(worker: Worker) -> timedelta:
    """How far this machine's clock is ahead of the scheduler's, by a heartbeat of this moment."""
    with contextlib.suppress(TimeoutError):  # then the last one tells
        sync(worker.loop, worker.heartbeat, callback_timeout=CONNECT)
    return timedelta(seconds=-worker.scheduler_delay)


def _failed(job: Job, error: BuilderError) -> Outcome:
    details = (*error.details, *([error.hint] if error.hint else []))
    return Outcome(job.step, Result.FAILED, error.message, details, exit_code=error.exit_code)


def _tried(act: Callable[[], None], cancelled: threading.Event) -> None:
    """Do it, again where the store was not reached. Raises what the last attempt raises.

    Raises ``Reschedule`` where this worker is about to end meanwhile.
    """
    began = time.monotonic()
    while True:
        try:
            return act()
        except UnfitError:
            raise
        except HostError:
            if time.monotonic() - began > PATIENCE:
                raise
            if cancelled.wait(PAUSE):
                raise Reschedule from None
