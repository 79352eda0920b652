"""Runs a plan's inspections and probes on an image and records the evidence."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from builder import manifest
from builder.booting import Booting, Subject, Wishes
from builder.checks import Check, checks_of, record, summary
from builder.digest import sha256_of
from builder.disk import open_image
from builder.disk import version as libguestfs_version
from builder.errors import HostError, ImageError
from builder.feature import Filesystem
from builder.features import Registry
from builder.imagefile import check_image
from builder.jobs import Job, Result, side_by_side
from builder.locking import locked
from builder.manifest import Evidence, Manifest
from builder.plan import Plan
from builder.progress import Progress
from builder.report.html import write_html
from builder.selection import selected

INSPECTION = "inspection"


def verify(
    directory: Path,
    registry: Registry,
    progress: Progress,
    *,
    boots: bool,
    wishes: Wishes | None = None,
) -> Manifest:
    """Check a build, add the evidence to its manifest, and return the manifest.

    Without ``boots`` the disk is inspected only. The evidence of what has ended is written at once:
    it stays whatever becomes of the rest, and beside that of another proof of the same build.
    Raises ``InputError`` for a wish that cannot be met, ``ImageError`` if the image is not the one
    that was built, and ``HostError`` if this machine cannot make the checks.
    """
    wishes = wishes or Wishes()
    known = manifest.read(directory)
    plan = known.planned()
    checks = checks_of(plan, registry)
    plan = selected(plan, checks, wishes.only)
    image = directory / known.image.name
    check_image(image)
    progress.phase("checksum")
    if sha256_of(image) != known.image.sha256:
        raise ImageError(
            f"{image} is not the file that was built: its SHA-256 has changed.",
            hint="Build the image again; evidence of another file is void.",
        )
    _require_writable(directory)
    subject = Subject(image, known.image.format, known.image.sha256, directory)
    progress.phase("proof" if boots else INSPECTION)
    jobs: list[Job] = []
    if boots:
        jobs += [
            Booting(boot, plan.distribution.default_user, checks, subject, progress, wishes)
            for boot in plan.boots
        ]
    if plan.inspections:
        jobs.append(lambda cores: _inspected(plan, checks, subject, progress, cores.cancelled))
    side_by_side(jobs, lambda result: _keep(directory, result))
    return manifest.read(directory)


def _require_writable(directory: Path) -> None:
    if not os.access(directory, os.W_OK):
        raise HostError(
            f"The evidence cannot be written into {directory}.",
            hint="Run it as the user whom the build belongs to (sudo), or copy the build.",
        )


def _keep(directory: Path, result: Result) -> None:
    """Add a result to what the manifest says by now: another proof may have written it since."""
    try:
        with locked(directory):
            known = manifest.read(directory).with_evidence(result.evidence, result.boots)
            if result.libguestfs:
                known = known.model_copy(update={"libguestfs": result.libguestfs})
            manifest.write(directory, known)
            write_html(directory, known)
    except OSError as error:
        raise HostError(
            f"The evidence could not be written into {directory}.",
            details=[error.strerror or str(error)],
            hint="Make room, or make it writable; then prove the build again.",
        ) from error


def _inspected(
    plan: Plan,
    checks: Mapping[str, Check],
    subject: Subject,
    progress: Progress,
    cancelled: threading.Event,
) -> Result:
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
