"""A step with all that a machine must know to do it, and what came of it. Pure data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from builder.feature import Machine
from builder.fleet.graph import Step
from builder.fleet.model import Cloud, Fleet
from builder.profile.document import document_of


@dataclass(frozen=True)
class Job:
    """A step, and its image's profile as any machine can load it."""

    step: Step
    document: Mapping[str, Any]  # Any: JSON
    cloud: Cloud
    """How the cloud of the step makes servers."""
    source: str = ""
    """The cloud that has the image, for a publication in another."""
    architecture: str = "x86_64"
    """Of the image: a build runs its programs."""
    machines: tuple[Machine, ...] = ()
    """Those that a proof boots."""


def jobs(fleet: Fleet, steps: Sequence[Step]) -> tuple[Job, ...]:
    """Each step's job, in their order."""
    images = {image.name: image for image in fleet.images}
    documents = {name: document_of(image.profile) for name, image in images.items()}
    return tuple(
        Job(
            step,
            documents[step.image],
            fleet.clouds.get(step.cloud, Cloud()),
            images[step.image].way.staging or "",
            images[step.image].profile.distribution.architecture,
            tuple(boot.machine for boot in images[step.image].plan.boots),
        )
        for step in steps
    )


class Result(StrEnum):
    """How a step ended."""

    DONE = "done"
    KEPT = "as it was"
    """It had been done before, and nothing was to do."""
    FAILED = "failed"
    BLOCKED = "not begun"
    """What it needs has failed."""


@dataclass(frozen=True)
class Outcome:
    """What came of a step."""

    step: Step
    result: Result
    told: str
    details: tuple[str, ...] = ()
    """Why it failed, and what to do next; of one that is done, who could not do it."""
    log: str = ""
    """The file with all that was said."""
    began: datetime | None = None
    seconds: float = 0
    exit_code: int = 0
    host: str = ""
    unfit: str = ""
    """The worker that could not do it, where another one may."""

    @property
    def good(self) -> bool:
        """Whether what needs it can begin."""
        return self.result in {Result.DONE, Result.KEPT}
