"""Jobs wait until a worker has room, whichever that is."""

from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import pytest
from fleet_images import jobs_of

from builder.fleet.cluster.abilities import (
    BUILDS,
    CLOUDS,
    MEMORY,
    PROVES,
    SLOTS,
    SPACE,
    Resources,
)
from builder.fleet.cluster.waiting import WaitingExecutor
from builder.fleet.graph import Kind
from builder.fleet.job import Job, Outcome, Result
from builder.fleet.model import Way

KINDS = (SLOTS, BUILDS, PROVES, CLOUDS, "x86_64", "guests-x86_64", "uefi-x86_64")
ABLE = {**dict.fromkeys(KINDS, 1.0), MEMORY: 8.0, SPACE: 64.0}


@dataclass
class Workers:
    """A cluster in which a test says what ends."""

    workers: list[Resources]
    got: list[Job] = field(default_factory=list)
    ends: list[Job] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.workers.clear()

    def announced(self) -> list[Resources]:
        return self.workers

    def submit(self, job: Job) -> None:
        self.got.append(job)

    def next(self, seconds: float) -> Outcome | None:  # noqa: ARG002 - a test says what ends
        return Outcome(self.ends.pop().step, Result.DONE, "") if self.ends else None


def waiting(workers: Workers, jobs: list[Job]) -> WaitingExecutor:
    executor = WaitingExecutor(workers)
    for job in jobs:
        executor.submit(job)
    executor.next(0)
    return executor


def test_as_many_are_handed_on_as_there_are_slots_and_the_next_when_one_ends() -> None:
    workers, jobs = Workers([ABLE, ABLE]), jobs_of(4, kinds=[Kind.BUILD])
    executor = waiting(workers, jobs)
    assert workers.got == jobs[:2]
    workers.ends.append(jobs[1])
    executor.next(0)
    assert workers.got == jobs[:2]
    executor.next(0)
    assert workers.got == jobs[:3]


def test_a_worker_that_comes_later_gets_what_waits() -> None:
    workers, jobs = Workers([ABLE]), jobs_of(3, kinds=[Kind.BUILD])
    executor = waiting(workers, jobs)
    workers.workers += [ABLE, ABLE]
    executor.next(0)
    assert workers.got == jobs


def test_one_that_does_not_fit_holds_up_no_other() -> None:
    prover = {**ABLE, BUILDS: 0.0}
    workers = Workers([ABLE, prover])
    builds, (proof,) = jobs_of(2, kinds=[Kind.BUILD]), jobs_of(1, kinds=[Kind.PROOF])
    waiting(workers, [*builds, proof])
    assert workers.got == [builds[0], proof]


def test_steps_that_wait_for_clouds_take_no_slot() -> None:
    way = Way(production=("prod",))
    workers = Workers([ABLE])
    jobs = [*jobs_of(1, kinds=[Kind.BUILD]), *jobs_of(1, [way], kinds=[Kind.PRODUCTION])]
    waiting(workers, jobs)
    assert workers.got == jobs


def test_a_promotion_waits_for_its_staging_at_no_worker_and_keeps_no_cloud() -> None:
    release = Way(staging="staging", production=("prod",))
    (staging,) = jobs_of(1, [release], kinds=[Kind.STAGING])
    (promotion,) = jobs_of(1, [release], kinds=[Kind.PRODUCTION])
    (other,) = jobs_of(1, [Way(production=("prod",))], kinds=[Kind.PRODUCTION])
    workers = Workers([{**ABLE, CLOUDS: 9.0}])
    executor = waiting(workers, [staging, promotion, other])
    assert workers.got == [staging, other]
    for done in (staging, other):
        workers.ends.append(done)
        executor.next(0)
    executor.next(0)
    assert workers.got == [staging, other, promotion]


@pytest.mark.parametrize("workers", [[], [{**ABLE, MEMORY: 1.0}]])
def test_what_no_worker_can_do_is_the_clusters_to_give_up(workers: list[Resources]) -> None:
    cluster, jobs = Workers(workers), jobs_of(1, kinds=[Kind.BUILD])
    waiting(cluster, jobs)
    assert cluster.got == jobs


def test_it_ends_with_its_cluster() -> None:
    workers = Workers([ABLE])
    with WaitingExecutor(workers) as executor:
        assert executor.next(0) is None
    assert workers.workers == []
