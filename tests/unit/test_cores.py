"""Jobs take cores in their order, and one that waits lends its own."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest

from builder.cores import Cores

LIMIT = 10.0


class Jobs:
    """Jobs that begin, and go on when they are told to."""

    def __init__(self, cores: Cores, count: int) -> None:
        self.cores = cores
        self.begun: list[int] = []
        self.told = [threading.Event() for _ in range(count)]

    def run(self, number: int) -> None:
        with self.cores.taken(number):
            self.begun.append(number)
            assert self.told[number].wait(LIMIT)


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_as_many_run_as_there_are_cores_and_the_next_one_when_one_ends() -> None:
    jobs = Jobs(Cores(2, 4), 4)
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


def test_one_that_waits_lends_its_core_and_goes_on_without_it() -> None:
    cores = Cores(1, 3)
    jobs = Jobs(cores, 3)
    with ThreadPoolExecutor(2) as pool:
        with cores.taken(0):
            for number in (1, 2):
                pool.submit(jobs.run, number)
            time.sleep(0.05)
            assert jobs.begun == []
            with cores.lent():
                wait_until(lambda: jobs.begun == [1])
            jobs.told[1].set()
            time.sleep(0.05)
            assert jobs.begun == [1]
        wait_until(lambda: jobs.begun == [1, 2])
        jobs.told[2].set()


def test_nothing_begins_when_they_are_cancelled() -> None:
    cores = Cores(1, 2)
    with ThreadPoolExecutor(1) as pool, cores.taken(0):
        waiting = pool.submit(Jobs(cores, 2).run, 1)
        time.sleep(0.05)
        cores.cancel()
        with pytest.raises(CancelledError):
            waiting.result(LIMIT)
    assert cores.cancelled.is_set()
