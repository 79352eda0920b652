"""Jobs have slots in their order, and one that is idle yields its own."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest

from builder.proof.scheduler import Scheduler

LIMIT = 10.0


class Jobs:
    """Jobs that begin, and go on when they are told to."""

    def __init__(self, scheduler: Scheduler, count: int) -> None:
        self.scheduler = scheduler
        self.begun: list[int] = []
        self.told = [threading.Event() for _ in range(count)]

    def run(self, number: int) -> None:
        with self.scheduler.slot(number):
            self.begun.append(number)
            assert self.told[number].wait(LIMIT)


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_as_many_run_as_there_are_slots_and_the_next_one_when_one_ends() -> None:
    jobs = Jobs(Scheduler(2, 4), 4)
    with ThreadPoolExecutor(4) as pool:
        for number in (3, 2, 1, 0):
            pool.submit(jobs.run, number)
        wait_until(lambda: len(jobs.begun) == 2)
        time.sleep(0.05)
        assert sorted(jobs.begun) == [0, 1]
        jobs.told[1].set()
        wait_until(lambda: jobs.begun[2:] == [2])
        jobs.told[0].set()
        wait_until(lambda: jobs.begun[3:] == [3])
        jobs.told[2].set()
        jobs.told[3].set()


def test_one_that_is_idle_yields_its_slot_and_goes_on_without_it() -> None:
    scheduler = Scheduler(1, 3)
    jobs = Jobs(scheduler, 3)
    with ThreadPoolExecutor(2) as pool:
        with scheduler.slot(0):
            for number in (1, 2):
                pool.submit(jobs.run, number)
            time.sleep(0.05)
            assert jobs.begun == []
            with scheduler.yield_slot():
                wait_until(lambda: jobs.begun == [1])
            jobs.told[1].set()
            time.sleep(0.05)
            assert jobs.begun == [1]
        wait_until(lambda: jobs.begun == [1, 2])
        jobs.told[2].set()


def test_nothing_begins_when_they_are_cancelled() -> None:
    scheduler = Scheduler(1, 2)
    with ThreadPoolExecutor(1) as pool, scheduler.slot(0):
        waiting = pool.submit(Jobs(scheduler, 2).run, 1)
        time.sleep(0.05)
        scheduler.cancel()
        with pytest.raises(CancelledError):
            waiting.result(LIMIT)
    assert scheduler.cancelled.is_set()
