"""Inspections are made, in one start of libguestfs' appliance."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from builder.errors import ImageError
from builder.feature import Filesystem, Outcome
from builder.host.confined import ChildEnded, Send, limit_memory, limit_time, run_confined
from builder.image.appliance import LIMIT
from builder.image.binding import version as libguestfs_version
from builder.image.filesystem import open_image
from builder.plan.model import Plan
from builder.proof.boot import Subject
from builder.proof.checks import Check, record, summary
from builder.proof.result import Result
from builder.store.sections import Evidence
from builder.terminal.progress import Progress

INSPECTION = "inspection"

MEMORY_LIMIT = 1536 << 20
"""Bytes for what is parsed; the largest initrd, of 512 MiB, is held twice for a moment."""

TIME_LIMIT = 60
"""Seconds of computing for one check. The initrds of three kernels take about ten."""

MARGIN = 30.0
"""Seconds beyond the appliance's own limit, after which it must have ended."""

F = TypeVar("F")


@dataclass(frozen=True)
class Look(Generic[F]):
    """A first look at a disk, which decides what is inspected."""

    at: Callable[[Filesystem], F]
    """Tells the facts."""
    facts: type[F]
    """What they are, for pydantic: they come from another process."""
    checks: Callable[[F], Iterable[Check]]
    """Chooses by them."""


def inspection_job(
    plan: Plan,
    checks: Mapping[str, Check],
    subject: Subject,
    progress: Progress,
    cancelled: threading.Event,
) -> Result:
    """A job: make the plan's inspections. Raises as ``inspect`` does."""
    evidence = inspect(
        subject.path,
        subject.format,
        [checks[planned.id] for planned in plan.inspections],
        subject.sha256,
        progress,
        cancelled,
    )
    return Result(evidence, libguestfs=libguestfs_version())


def inspect(
    image: Path,
    image_format: str,
    checks: Iterable[Check],
    sha256: str,
    progress: Progress,
    cancelled: threading.Event | None = None,
) -> tuple[Evidence, ...]:
    """Make inspections of an image at rest, in one start of libguestfs' appliance.

    Setting ``cancelled`` ends the appliance at once. Raises as ``examine``.
    """
    listed = [*checks]
    _, evidence = examine(
        image,
        image_format,
        Look(lambda _: None, type(None), lambda _: listed),
        sha256,
        progress,
        cancelled,
    )
    return evidence


def examine(
    image: Path,
    image_format: str,
    look: Look[F],
    sha256: str,
    progress: Progress,
    cancelled: threading.Event | None = None,
) -> tuple[F, tuple[Evidence, ...]]:
    """Look at what the disk tells, make the inspections that it calls for, and return both.

    All that reads the disk does so in a child of limited memory and time. Raises ``HostError``
    where libguestfs cannot run, ``ImageError`` where nothing can be mounted or looked at,
    ``InterruptedByUser`` when cancelled.
    """
    start = time.monotonic()
    adapter = TypeAdapter(look.facts)

    def work(send: Send, ended: threading.Event) -> None:
        with open_image(image, image_format, cancelled=ended) as disk:
            limit_memory(MEMORY_LIMIT)
            limit_time(TIME_LIMIT)
            found = look.at(disk)
            send(adapter.dump_json(found).decode())
            for check in look.checks(found):
                send(check.title)
                limit_time(TIME_LIMIT)
                send(record(check, disk, image_sha256=sha256).model_dump_json())

    reading = _Reading(adapter, look.checks, progress)
    progress.line("libguestfs starts", source=INSPECTION)
    try:
        run_confined(
            work, reading.take, limit=LIMIT + MARGIN, cancelled=cancelled or threading.Event()
        )
    except ChildEnded as error:
        evidence = reading.rest(f"what the disk has could not be read: {error}", sha256)
        if evidence is None:
            raise ImageError(
                f"{image} could not be inspected: {error}.",
                hint="What a disk has is read within limits on memory and time, which no sound"
                " system comes near.",
            ) from error
    else:
        evidence = tuple(reading.evidence)
    progress.line("", source=INSPECTION)
    told = f": {summary(evidence)}" if evidence else ""
    progress.event(f"inspected in {time.monotonic() - start:.0f} s{told}")
    return reading.facts, evidence


class _Reading(Generic[F]):
    """What has come of a child: facts, then for each check its title and its evidence."""

    def __init__(
        self, adapter: TypeAdapter[F], checks: Callable[[F], Iterable[Check]], progress: Progress
    ) -> None:
        self.evidence: list[Evidence] = []
        self._adapter = adapter
        self._checks = checks
        self._progress = progress
        self._chosen: list[Check] | None = None
        self._begun = 0

    def take(self, message: str) -> None:
        """Raises ``ChildEnded`` for what no honest child says."""
        try:
            if self._chosen is None:
                self.facts = self._adapter.validate_json(message)
                self._chosen = [*self._checks(self.facts)]
            elif self._begun == len(self.evidence):
                self._progress.line(self._chosen[self._begun].title, source=INSPECTION)
                self._begun += 1
            else:
                found = Evidence.model_validate_json(message)
                if found.check != self._chosen[len(self.evidence)].id:
                    raise ChildEnded("it answered for another check")
                self.evidence.append(found)
        except (ValidationError, IndexError) as error:
            raise ChildEnded("it answered something else than was asked") from error

    def rest(self, reason: str, sha256: str) -> tuple[Evidence, ...] | None:
        """The evidence, and an error for each check that has none; nothing without any fact."""
        if self._chosen is None:
            return None
        missing = self._chosen[len(self.evidence) :]
        at = datetime.now(UTC)
        return (
            *self.evidence,
            *(
                Evidence(
                    check=check.id,
                    kind="inspection",
                    title=check.title,
                    outcome=Outcome.ERROR,
                    seen=reason
                    if number < self._begun - len(self.evidence)
                    else f"not made, because one before it ended all: {reason}",
                    image_sha256=sha256,
                    at=at,
                    seconds=0,
                )
                for number, check in enumerate(missing)
            ),
        )
