"""The way of all images: each step begins when what it needs has been done, whatever else fails."""

from collections.abc import Sequence
from typing import Protocol

from builder.fleet.executor import Executor
from builder.fleet.job import Job, Outcome, Result

TICK = 1.0
"""Seconds after which a watcher is told that time has passed."""


class Watcher(Protocol):
    """Sees a run: which steps begin to wait for their turn, and how each ends."""

    def submitted(self, job: Job) -> None:
        """A step may begin."""

    def ended(self, outcome: Outcome) -> None:
        """A step has ended, or will not begin."""

    def tick(self) -> None:
        """Time has passed."""


def run(jobs: Sequence[Job], executor: Executor, watcher: Watcher) -> list[Outcome]:
    """Do all jobs, which stand behind those that they need; the outcomes are in their order.

    Two steps of one image never run side by side: both would change its manifest. Raises what the
    executor raises.
    """
    waiting = {job.step.id: job for job in jobs}
    ended: dict[str, Outcome] = {}
    running: dict[str, str] = {}
    while waiting or running:
        for job in tuple(waiting.values()):
            step = job.step
            bad = [ended[need] for need in step.needs if need in ended and not ended[need].good]
            if bad:
                ended[step.id] = blocked(job, bad[0])
                watcher.ended(ended[step.id])
                del waiting[step.id]
            elif step.image not in running and all(need in ended for need in step.needs):
                running[step.image] = step.id
                watcher.submitted(job)
                executor.submit(job)
                del waiting[step.id]
        if running:
            outcome = executor.next(TICK)
            if outcome is not None:
                del running[outcome.step.image]
                ended[outcome.step.id] = outcome
                watcher.ended(outcome)
            watcher.tick()
    return [ended[job.step.id] for job in jobs]


def blocked(job: Job, cause: Outcome) -> Outcome:
    """The outcome of a step that is not begun."""
    verb = "failed" if cause.result is Result.FAILED else "was not begun"
    return Outcome(job.step, Result.BLOCKED, f"'{cause.step.title}' {verb}")
