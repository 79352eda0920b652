"""A run as it is seen while it goes on: a line for each image and its phase."""

import platform

from builder.fleet.graph import Step
from builder.fleet.job import Job, Outcome, Result
from builder.report.units import duration
from builder.terminal.board import Board
from builder.terminal.output import BAD, DOUBT, GOOD

STYLES = {Result.DONE: GOOD, Result.KEPT: "", Result.FAILED: BAD, Result.BLOCKED: DOUBT}


class BoardWatcher:
    """Shows a run on a board."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def submitted(self, job: Job) -> None:
        """A step may begin."""
        self._board.row(job.step.image, f"{job.step.title}: waits for its turn")

    def phase(self, job: Job, phase: str, worker: str = "") -> None:
        """A step is in another phase, on a worker if it is not done here."""
        self._board.row(job.step.image, f"{_at(job.step, worker)}: {phase}")

    def dashboard(self, link: str) -> None:
        """The scheduler has a dashboard."""
        self._board.caption(f"dashboard: {link}")

    def ended(self, outcome: Outcome) -> None:
        """A step has ended, or will not begin."""
        step = outcome.step
        here = outcome.host == platform.node()
        text = f"{_at(step, '' if here else outcome.host)} {outcome.result}: {outcome.told}"
        if outcome.result in {Result.DONE, Result.FAILED}:
            text += f" ({duration(outcome.seconds)})"
        self._board.row(step.image, text, STYLES[outcome.result])
        self._board.note(
            step.image,
            text,
            level="error" if outcome.result is Result.FAILED else "info",
            step=step.id,
            result=outcome.result,
            seconds=outcome.seconds,
            log=outcome.log,
            host=outcome.host,
        )

    def tick(self) -> None:
        """Time has passed."""
        self._board.tick()


def _at(step: Step, worker: str) -> str:
    return f"{step.title} on {worker}" if worker else step.title
