"""Who does the steps: the contract between a run and the machines that work for it."""

from types import TracebackType
from typing import Protocol, Self

from builder.fleet.job import Job, Outcome


class Executor(Protocol):
    """Takes jobs, and hands back what came of each in the order in which they end.

    As a context manager it ends, when it is left early, all that still runs, and waits for that.
    """

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End what runs, and leave nothing behind."""

    def submit(self, job: Job) -> None:
        """Let a job begin as soon as there is room for it."""

    def next(self, seconds: float) -> Outcome | None:
        """What has ended next; None where nothing has within so many seconds.

        Raises ``BuilderError`` where nothing more can come.
        """
