"""Clocks an hour off, or set while a fleet works: nothing is done twice, and nothing hangs."""

import signal
import time
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fake_fleet import FakeFleet, Seen, fake_fleet
from fleet_cluster import Cluster, running
from machine_clock import Clock
from waiting import wait_until

from builder.due.judgement import NOT_DUE
from builder.fleet.cluster import lease
from builder.fleet.job import Result

pytestmark = [pytest.mark.integration, pytest.mark.program("gcc")]

HOUR = 3600
PACE = 0.05
DEATH = lease.DEATH * PACE
"""Seconds after which these workers take a lease over."""


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeFleet:
    return fake_fleet(tmp_path, monkeypatch, "images: {base: }")


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "clock")


@pytest.fixture
def cluster(tmp_path: Path, fleet: FakeFleet) -> Generator[Cluster]:
    with running(tmp_path) as found:
        yield found


def begun(fleet: FakeFleet, verb: str) -> int:
    return sum(call[:2] == ["begin", verb] for call in fleet.calls)


@pytest.mark.parametrize(("ahead", "direction"), [(HOUR, "ahead of"), (-HOUR, "behind")])
def test_a_worker_whose_clock_is_an_hour_off_does_not_begin(
    ahead: int,
    direction: str,
    cluster: Cluster,
    clock: Clock,
    capfd: pytest.CaptureFixture[str],
) -> None:
    clock.set(ahead)
    worker = cluster.start_worker(**clock.environment)
    assert worker.wait(30) != 0
    assert f"is 60 minutes {direction} the scheduler's." in capfd.readouterr().err


def test_a_worker_whose_clock_is_set_leaves_its_steps_to_others(
    cluster: Cluster, fleet: FakeFleet, clock: Clock
) -> None:
    worker = cluster.start_worker(**clock.environment)
    clock.set(HOUR)
    outcome = cluster.run(fleet)["base/build"]
    assert outcome.result is Result.FAILED
    assert f"-{worker.pid} could not do it. The clock of this machine is 60 minutes ahead of" in (
        outcome.told
    )
    cluster.start_worker()
    outcomes = cluster.run(fleet)
    assert [outcome.told for outcome in outcomes.values() if not outcome.good] == []


@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
@pytest.mark.parametrize("whose", ["who works", "who waits"])
def test_a_clock_that_is_set_in_the_midst_of_a_build_takes_no_lease_away(
    whose: str, ahead: int, cluster: Cluster, fleet: FakeFleet, clock: Clock, tmp_path: Path
) -> None:
    """The image's lease is held for longer than a dead worker's is."""
    fleet.let("base.due", "says", str(NOT_DUE))  # asked of a build from the future
    clocks = {"who works": {}, "who waits": {}, whose: clock.environment}
    other = FakeFleet(fleet.fleet, fleet.home, fleet.dist)
    with running(tmp_path / "other") as second, ThreadPoolExecutor(2) as threads:
        second.store = cluster.store
        for each, who in ((cluster, "who works"), (second, "who waits")):
            seconds = {"FAKE_SECONDS": str(2 * DEATH), "WORKER_PACE": str(PACE)}
            each.start_worker(**seconds, **clocks[who])
        works = threads.submit(cluster.run, fleet)
        wait_until(lambda: begun(fleet, "base.build") == 1, "a build begins", 30)
        waits = threads.submit(second.run, other)
        wait_until(lambda: any("to work at" in each for each in other.seen.phases), "it waits", 30)
        clock.set(ahead)
        for each in (cluster, second):  # to do what the one whose clock is off leaves to others
            each.start_worker(WORKER_PACE=str(PACE))
        outcomes = [*works.result(120).values(), *waits.result(120).values()]
    assert [outcome.told for outcome in outcomes if not outcome.good] == []
    assert begun(fleet, "base.build") == begun(fleet, "base.prove") == 1


def test_a_schedulers_clock_that_is_set_is_told_and_what_is_done_stays_done(
    fleet: FakeFleet, clock: Clock, tmp_path: Path
) -> None:
    class Sets(Seen):
        def tick(self) -> None:
            if begun(fleet, "base.build"):
                clock.set(HOUR)

    with running(tmp_path, **clock.environment) as cluster:
        cluster.start_worker(FAKE_SECONDS="5")
        outcomes = cluster.run(fleet, Sets())
        assert outcomes["base/build"].result is Result.DONE
        assert "is 60 minutes behind the scheduler's." in outcomes["base/proof"].told
        clock.set(0)
        again = cluster.run(fleet)
    assert all(outcome.good for outcome in again.values()), again
    assert Counter(fleet.ended) == {"base.build": 1, "base.prove": 1}


def test_a_schedulers_clock_that_is_set_makes_no_worker_dead(
    fleet: FakeFleet, clock: Clock, tmp_path: Path
) -> None:
    """Dask looks every so many seconds at what time of day each worker was last heard of."""
    ttl = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "1s"}
    with running(tmp_path, **clock.environment, **ttl) as cluster:
        worker = cluster.start_worker()
        worker.send_signal(signal.SIGSTOP)  # it says nothing meanwhile
        clock.set(HOUR)
        time.sleep(3)  # less than Dask gives a worker: at least five
        clock.set(0)
        worker.send_signal(signal.SIGCONT)
        outcomes = cluster.run(fleet)
        assert worker.poll() is None
    assert [outcome.told for outcome in outcomes.values() if not outcome.good] == []
