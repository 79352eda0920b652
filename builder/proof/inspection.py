"""Inspections are made, in one start of libguestfs' appliance."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from builder.feature import Filesystem
from builder.image.binding import version as libguestfs_version
from builder.image.filesystem import open_image
from builder.plan.model import Plan
from builder.proof.boot import Subject
from builder.proof.checks import Check, record, summary
from builder.proof.result import Result
from builder.store.manifest import Evidence
from builder.terminal.progress import Progress

INSPECTION = "inspection"


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
        lambda _: [checks[one.id] for one in plan.inspections],
        subject.sha256,
        progress,
        cancelled,
    )
    return Result(evidence, libguestfs=libguestfs_version())


def inspect(
    image: Path,
    image_format: str,
    checks: Callable[[Filesystem], Iterable[Check]],
    sha256: str,
    progress: Progress,
    cancelled: threading.Event | None = None,
) -> tuple[Evidence, ...]:
    """Make inspections of an image at rest, in one start of libguestfs' appliance.

    ``checks`` chooses them when the disk is open: what is in it may decide which apply. Setting
    ``cancelled`` ends the appliance at once. Raises ``HostError`` where libguestfs cannot run,
    ``ImageError`` where nothing can be mounted, ``InterruptedByUser`` when cancelled.
    """
    start = time.monotonic()
    progress.line("libguestfs starts", source=INSPECTION)
    evidence = []
    with open_image(image, image_format, cancelled=cancelled) as disk:
        for check in checks(disk):
            progress.line(check.title, source=INSPECTION)
            evidence.append(record(check, disk, image_sha256=sha256))
    progress.line("", source=INSPECTION)
    progress.event(f"inspected in {time.monotonic() - start:.0f} s: {summary(evidence)}")
    return tuple(evidence)
