"""What one step does when something is not as it was when it began."""

import threading
from collections.abc import Callable

import pytest
from fake_fleet import VERBS, FakeFleet

from builder.errors import HostError, InterruptedByUser
from builder.fleet import session
from builder.fleet.commands import Command
from builder.fleet.job import Job, Result
from builder.fleet.perform import SESSIONS, Place, Turn, perform
from builder.host.locking import locked

Fake = Callable[[str], FakeFleet]


def turn() -> Turn:
    return Turn((), threading.Event(), lambda _: None)


def proof(fleet: FakeFleet) -> Job:
    return fleet.jobs()[1]


def test_a_build_that_somebody_removed_is_told(fake: Fake) -> None:
    fleet = fake("images: {base: }")
    outcome = perform(proof(fleet), Place(fleet.dist, VERBS), turn())
    assert outcome.result is Result.FAILED
    assert outcome.told == "The build of base is not there any more."
    assert outcome.exit_code == 3


def test_a_step_that_waits_for_another_fleet_can_be_stopped(fake: Fake) -> None:
    fleet = fake("images: {base: }")
    directory = fleet.dist / SESSIONS / "base"
    directory.mkdir(parents=True)
    told, cancelled = [], threading.Event()

    def tell(phase: str) -> None:
        told.append(phase)
        cancelled.set()

    with locked(directory), pytest.raises(InterruptedByUser):
        perform(proof(fleet), Place(fleet.dist, VERBS), Turn((), cancelled, tell))
    assert told == ["waiting for another fleet that works at this image"]


def test_a_defect_in_a_step_is_its_outcome(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr("builder.fleet.local.perform", broken)
    outcomes = fake("images: {base: }").run()
    assert outcomes["base/build"].exit_code == 70
    assert "KeyError: 'surprise'" in outcomes["base/build"].told
    assert outcomes["base/proof"].result is Result.BLOCKED


def test_a_verb_that_hangs_is_ended_and_told(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = fake("images: {base: }")
    fleet.let("base.build", "hangs")
    monkeypatch.setattr(session, "LIMIT", 1.0)
    fleet.dist.mkdir()
    with pytest.raises(HostError, match="was still running after 0 hours"):
        session.run_session(
            Command("build", ("build", "base.yaml", "--output", str(fleet.dist))),
            fleet.dist,
            cpus=(),
            cancelled=threading.Event(),
            tell=lambda _: None,
            program=VERBS,
        )


def test_what_a_verb_says_that_is_no_message_is_its_last_words(fake: Fake) -> None:
    fleet = fake("images: {base: }")
    (fleet.home / "base.json").unlink()
    outcome = fleet.run()["base/build"]
    assert outcome.told == "It ended with exit code 1."
    assert any("FileNotFoundError" in line for line in outcome.details)
    assert outcome.log.endswith(".fleet/base/build.log")
