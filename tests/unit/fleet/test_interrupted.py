"""A run that is killed, stopped, or not alone: the same command completes it, and nothing twice."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_fleet import FakeFleet
from fleets import RELEASE
from waiting import wait_until

from builder.errors import InterruptedByUser
from builder.fleet.job import Result
from builder.fleet.run import run

Fake = Callable[[str], FakeFleet]
HERE = Path(__file__).parent
TESTS = HERE.parents[1]
STEPS = [
    "base.build",
    "base.prove",
    "base.publish-staging",
    "base.cloud-prove-staging",
    "base.promote-prod",
]


def start(fleet: FakeFleet) -> subprocess.Popen[bytes]:
    paths = (HERE, TESTS, TESTS / "unit", TESTS.parent)
    environment = {**os.environ, "PYTHONPATH": ":".join(map(str, paths))}
    script = str(HERE / "run_fleet.py")
    matrix = str(fleet.dist.parent / "images.yaml")
    return subprocess.Popen([sys.executable, script, matrix, str(fleet.dist)], env=environment)


def begun(fleet: FakeFleet, verb: str) -> list[int]:
    return [int(call[2]) for call in fleet.calls if call[:2] == ["begin", verb]]


def is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("verb", STEPS)
def test_killed_at_any_step_the_same_command_completes_it(verb: str, fake: Fake) -> None:
    fleet = fake(RELEASE)
    hangs = fleet.let(verb, "hangs")
    program = start(fleet)
    wait_until(lambda: bool(begun(fleet, verb)), f"{verb} begins", 30)
    program.kill()
    program.wait(10)
    (pid,) = begun(fleet, verb)
    wait_until(lambda: not is_alive(pid), "the verb dies with the run", 10)
    hangs.unlink()
    outcomes = fleet.run()
    assert all(outcome.good for outcome in outcomes.values())
    counts = Counter(fleet.ended)
    assert counts["base.build"] == counts["base.prove"] == 1
    assert counts["base.cloud-prove-staging"] == 1


def test_a_run_that_is_stopped_ends_its_verbs(fake: Fake) -> None:
    fleet = fake("images: {base: , pinned-scsi: }")
    fleet.let("base.build", "hangs")
    fleet.let("pinned-scsi.build", "hangs")

    class Stops(type(fleet.seen)):  # type: ignore[misc]
        def tick(self) -> None:
            if len(fleet.calls) == 2:
                raise InterruptedByUser("Stopped by SIGTERM.")

    with pytest.raises(InterruptedByUser), fleet.executor() as executor:
        run(fleet.jobs(), executor, Stops())
    pids = [int(call[2]) for call in fleet.calls]
    assert len(pids) == 2
    assert not any(map(is_alive, pids))


def test_two_fleets_on_one_store_do_nothing_twice(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_SECONDS", "0.5")
    fleet = fake(RELEASE)
    other = FakeFleet(fleet.fleet, fleet.home, fleet.dist)
    ended = {}
    thread = threading.Thread(target=lambda: ended.update(other.run()))
    thread.start()
    outcomes = fleet.run()
    thread.join(60)
    both = [*outcomes.values(), *ended.values()]
    assert len(both) == 12
    assert all(outcome.good for outcome in both)
    counts = Counter(fleet.ended)
    assert counts["base.build"] == counts["base.prove"] == counts["base.cloud-prove-staging"] == 1
    builds = [found["base/build"].result for found in (outcomes, ended)]
    assert sorted(builds) == [Result.KEPT, Result.DONE]


def test_a_killed_verb_fails_its_step_and_no_other(fake: Fake) -> None:
    fleet = fake("images: {base: , pinned-scsi: }")
    fleet.let("base.build", "hangs")

    class Kills(type(fleet.seen)):  # type: ignore[misc]
        def tick(self) -> None:
            for pid in begun(fleet, "base.build"):
                if is_alive(pid):
                    os.kill(pid, signal.SIGKILL)

    with fleet.executor() as executor:
        outcomes = run(fleet.jobs(), executor, Kills())
    assert [str(outcome.result) for outcome in outcomes] == ["failed", "not begun", "done", "done"]
    assert outcomes[0].told == "It ended with SIGKILL."
