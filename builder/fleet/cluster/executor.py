"""Steps on the workers of a Dask scheduler."""

import queue
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

from distributed import Client, Future, KilledWorker
from distributed.security import Security

from builder.errors import BuilderError, HostError
from builder.fleet.cluster.abilities import Resources, lacking, wanted
from builder.fleet.cluster.dashboard import dashboard_of, link_to
from builder.fleet.cluster.task import TOPIC, perform_on_worker
from builder.fleet.cluster.versions import own_version, require_same
from builder.fleet.job import Job, Outcome, Result
from builder.words import enumeration

CONNECT = 20.0
"""Seconds that a scheduler has to answer."""
PATIENCE = 60.0
"""Seconds to wait for a worker that could do a job, before the job is given up."""


@dataclass(frozen=True)
class _Handed:
    """A job that the scheduler has."""

    job: Job
    future: Future[Outcome]
    unfit: Mapping[str, str]
    """Workers that could not do it, by their addresses, and why."""
    workers: Collection[str] | None
    """Those that may do it; None for all."""

    def noted(self, outcome: Outcome) -> Outcome:
        """Its outcome, with what kept other workers from it."""
        return replace(outcome, details=(*self.unfit.values(), *outcome.details))


class ClusterExecutor:
    """Hands jobs to a scheduler, which gives each to a worker that can do it."""

    def __init__(
        self,
        address: str,
        security: Security,
        store: str,
        tell: Callable[[Job, str, str], None],
        tell_dashboard: Callable[[str], None],
    ) -> None:
        """``tell`` is told each phase of a job and by whom it is done."""
        self._address = address
        self._security = security
        self._store = store
        self._tell = tell
        self._tell_dashboard = tell_dashboard
        self._jobs: dict[str, _Handed] = {}
        self._without_worker: dict[str, float] = {}
        self._done: queue.Queue[tuple[str, Future[Outcome]]] = queue.Queue()

    def __enter__(self) -> Self:
        self._client = connected(self._address, self._security)
        self._client.subscribe_topic(TOPIC, self._told)
        served = self._client.run_on_scheduler(dashboard_of)
        if served is not None:
            self._tell_dashboard(link_to(served, self._address))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close(timeout=CONNECT)

    def submit(self, job: Job) -> None:
        """Let the scheduler choose a worker for a job."""
        self._hand_out(job, {}, None)

    def _hand_out(
        self, job: Job, unfit: Mapping[str, str], workers: Collection[str] | None
    ) -> None:
        future = self._client.submit(
            perform_on_worker,
            job,
            self._store,
            key=f"{job.step.id} {secrets.token_hex(4)}",
            resources=wanted(job),
            workers=list(workers) if workers is not None else None,
            pure=False,
        )
        self._jobs[job.step.id] = _Handed(job, future, unfit, workers)
        future.add_done_callback(lambda _: self._done.put((job.step.id, future)))

    def next(self, seconds: float) -> Outcome | None:
        """What has ended next; None after so many seconds, or where it goes on elsewhere.

        Raises ``HostError`` where the scheduler is gone: what is done is in the store.
        """
        try:
            name, future = self._done.get(timeout=seconds)
        except queue.Empty:
            return self._given_up()
        handed = self._jobs.get(name)
        if handed is None or handed.future is not future:
            return None  # it was handed out anew since
        del self._jobs[name]
        self._without_worker.pop(name, None)
        match future.status:
            case "finished":
                outcome = future.result()
                assert isinstance(outcome, Outcome)
                return self._elsewhere(handed, outcome) if outcome.unfit else handed.noted(outcome)
            case "error":
                return _failed(handed.job, future.exception())
            case _:
                raise self._gone()

    def _elsewhere(self, handed: _Handed, outcome: Outcome) -> Outcome | None:
        """Let another worker do what one could not; the outcome where none is left."""
        why = f"{outcome.host} could not do it. {outcome.told}"
        unfit = {**handed.unfit, outcome.unfit: why}
        others = self._able(handed.job, unfit)
        if not others:
            return handed.noted(replace(outcome, told=why))
        self._tell(handed.job, why, "")
        self._hand_out(handed.job, unfit, others)
        return None

    def _workers(self) -> Mapping[str, Resources]:
        """The workers that there are, by their addresses, and what each announces."""
        workers = self._client.scheduler_info(n_workers=-1).get("workers", {})
        return {address: worker.get("resources", {}) for address, worker in workers.items()}

    def _able(self, job: Job, unfit: Collection[str]) -> list[str]:
        return [
            address
            for address, resources in self._workers().items()
            if address not in unfit and not lacking(job, [resources])
        ]

    def announced(self) -> list[Resources]:
        """What each worker can do."""
        return list(self._workers().values())

    def _given_up(self) -> Outcome | None:
        """A job that no worker can do, for long enough by now."""
        if self._client.status not in {"running", "connecting"}:
            raise self._gone()
        workers = self._workers()
        now = time.monotonic()
        for name, handed in tuple(self._jobs.items()):
            able = self._able(handed.job, handed.unfit)
            if able and (handed.workers is None or set(able) & set(handed.workers)):
                self._without_worker.pop(name, None)
            elif able:  # those that it was given to are gone, and others have come
                self._client.cancel([handed.future])
                self._hand_out(handed.job, handed.unfit, able)
            elif now - self._without_worker.setdefault(name, now) > PATIENCE:
                del self._jobs[name]
                self._client.cancel([handed.future])
                fit = [each for address, each in workers.items() if address not in handed.unfit]
                return handed.noted(_unable(handed.job, lacking(handed.job, fit), len(workers)))
        return None

    def _told(self, event: tuple[float, Any]) -> None:  # Any: what a worker sends
        _, message = event
        handed = self._jobs.get(message["step"])
        if handed is not None:
            self._tell(handed.job, message["phase"], message["name"])

    def _gone(self) -> HostError:
        return HostError(
            f"The scheduler at {self._address} is gone.",
            details=["What was done is in the store; what ran is done again, or found done."],
            hint="Start it and its workers again; then run the same command again.",
        )


def connected(address: str, security: Security) -> Client:
    """A connection to a scheduler of this very version. Raises ``HostError``."""
    try:
        client = Client(address, security=security, timeout=CONNECT, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise HostError(
            f"No scheduler answers at {address}.",
            details=[str(error)],
            hint="Start it: guest-image fleet scheduler. All its machines need the same --key.",
        ) from error
    try:
        require_same(own_version(), _scheduler_version(client), address)
    except BaseException:
        client.close(timeout=CONNECT)
        raise
    return client


def _scheduler_version(client: Client) -> object:
    try:
        return client.run_on_scheduler(own_version)
    except Exception as error:  # noqa: BLE001 - whatever a scheduler without this program raises
        return f"none that can be asked ({type(error).__name__}: {error})"


def _failed(job: Job, error: BaseException) -> Outcome:
    """The outcome of a job that no worker has brought to an end."""
    told = f"{type(error).__name__}: {error}"
    code = 70
    if isinstance(error, KilledWorker):
        told, code = "The workers that did it died, one after another.", HostError.exit_code
    elif isinstance(error, BuilderError):
        told, code = error.message, error.exit_code
    return Outcome(job.step, Result.FAILED, told, exit_code=code)


def _unable(job: Job, lacks: list[str], workers: int) -> Outcome:
    return Outcome(
        job.step,
        Result.FAILED,
        f"None of {workers} workers can do it: it needs {enumeration(lacks, 'and')}.",
        details=("'guest-image doctor' on a worker's machine tells what that lacks.",),
        exit_code=HostError.exit_code,
    )
