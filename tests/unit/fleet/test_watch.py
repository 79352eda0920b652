"""What of a run is shown while it goes on."""

import io
import platform
from collections.abc import Callable

import pytest
from fake_fleet import FakeFleet

from builder.fleet.job import Job, Outcome, Result
from builder.fleet.watch import BoardWatcher
from builder.terminal import board as terminal
from builder.terminal.board import Board
from builder.terminal.output import console_of

Fake = Callable[[str], FakeFleet]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def job(fake: Fake) -> Job:
    return fake("images: {base: , pinned-scsi: }").jobs()[0]


def done(job: Job, host: str) -> Outcome:
    return Outcome(job.step, Result.DONE, "20260101T000000Z-aaaaaa", seconds=50, host=host)


def test_on_a_terminal_each_image_has_a_line_with_its_phase_and_its_worker(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    shown = io.StringIO()
    with Board(["base", "pinned-scsi"], Terminal()) as board:
        watcher = BoardWatcher(board)
        watcher.dashboard("http://10.0.0.5:8787/status")
        watcher.submitted(job)
        watcher.phase(job, "install packages", "build-1-4711")
        console_of(shown).print(board)
    assert [" ".join(line.split()) for line in shown.getvalue().splitlines()] == [
        "base build on build-1-4711: install packages",
        "pinned-scsi",
        "dashboard: http://10.0.0.5:8787/status",
    ]


def test_elsewhere_what_ends_is_a_line_and_what_goes_on_is_one_after_a_silence(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    with Board(["base", "pinned-scsi"], stream) as board:
        watcher = BoardWatcher(board)
        watcher.dashboard("http://10.0.0.5:8787/status")
        watcher.phase(job, "install packages", "build-1-4711")
        watcher.tick()
        with monkeypatch.context() as patch:
            patch.setattr(terminal, "HEARTBEAT", 0.0)
            watcher.tick()
        watcher.ended(done(job, "build-1-4711"))
        watcher.ended(done(job, platform.node()))
    assert stream.getvalue().splitlines() == [
        "[00:00] dashboard: http://10.0.0.5:8787/status",
        "[00:00] base: build on build-1-4711: install packages",
        "[00:00] base: build on build-1-4711 done: 20260101T000000Z-aaaaaa (50s)",
        "[00:00] base: build done: 20260101T000000Z-aaaaaa (50s)",
    ]
