"""What one job of a proof has found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from builder.proof.scheduler import Scheduler
from builder.store.sections import BootRecord, Evidence


@dataclass(frozen=True)
class Result:
    """Evidence, and where it comes from."""

    evidence: Sequence[Evidence]
    boots: Sequence[BootRecord] = ()
    libguestfs: str = ""
    """The version that the inspections were made with, where the job made some."""


Job = Callable[[Scheduler], Result]
"""Has a slot when it is called."""
