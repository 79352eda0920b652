"""Runs a plan's inspections and probes on an image and records the evidence."""

import os
from collections.abc import Callable
from pathlib import Path

from builder.errors import HostError, ImageError
from builder.features.registry import Registry
from builder.host.files import sha256_of
from builder.image.safety import check_image
from builder.proof.boot import Booting, ProofOptions, Subject
from builder.proof.checks import checks_of
from builder.proof.inspection import INSPECTION, inspection_job
from builder.proof.result import Job, Result
from builder.proof.scheduler import run_parallel
from builder.proof.selection import selected
from builder.report.update import update
from builder.store import manifest
from builder.store.manifest import Manifest
from builder.terminal.progress import Progress


def prove(
    directory: Path,
    registry: Registry,
    progress: Progress,
    *,
    boots: bool,
    options: ProofOptions | None = None,
    tell: Callable[[Result], None] = lambda _: None,
) -> Manifest:
    """Check a build, add the evidence to its manifest, and return the manifest.

    ``tell`` is told of each result that has been written.
    Without ``boots`` the disk is inspected only. The evidence of what has ended is written at once:
    it stays whatever becomes of the rest, and beside that of another proof of the same build.
    Raises ``InputError`` for a wish that cannot be met, ``ImageError`` if the image is not the one
    that was built, and ``HostError`` if this machine cannot make the checks.
    """
    options = options or ProofOptions()
    build = manifest.read(directory)
    plan = build.planned()
    checks = checks_of(plan, registry)
    plan = selected(plan, checks, options.only)
    image = require_image(directory, build, progress)
    _require_writable(directory)
    subject = Subject(image, build.image.format, build.image.sha256, directory)
    progress.phase("proof" if boots else INSPECTION)
    jobs: list[Job] = []
    if boots:
        jobs += [
            Booting(boot, plan.distribution.default_user, checks, subject, progress, options)
            for boot in plan.boots
        ]
    if plan.inspections:
        jobs.append(
            lambda scheduler: inspection_job(plan, checks, subject, progress, scheduler.cancelled)
        )

    def keep(result: Result) -> None:
        _keep(directory, result)
        tell(result)

    run_parallel(jobs, keep)
    return manifest.read(directory)


def require_image(directory: Path, build: Manifest, progress: Progress) -> Path:
    """The build's image. Raises ``ImageError`` where it is none, or not the one that was built."""
    image = directory / build.image.name
    check_image(image)
    progress.phase("checksum")
    if sha256_of(image) != build.image.sha256:
        raise ImageError(
            f"{image} is not the file that was built: its SHA-256 has changed.",
            hint="Build the image again; evidence of another file is void.",
        )
    return image


def _require_writable(directory: Path) -> None:
    if not os.access(directory, os.W_OK):
        raise HostError(
            f"The evidence cannot be written into {directory}.",
            hint="Run it as the user whom the build belongs to (sudo), or copy the build.",
        )


def _keep(directory: Path, result: Result) -> None:
    """Add a result to what the manifest says by now: another proof may have written it since."""

    def with_result(build: Manifest) -> Manifest:
        build = build.with_evidence(result.evidence, result.boots)
        return build.model_copy(update={"libguestfs": result.libguestfs or build.libguestfs})

    try:
        update(directory, with_result)
    except OSError as error:
        raise HostError(
            f"The evidence could not be written into {directory}.",
            details=[error.strerror or str(error)],
            hint="Make room, or make it writable; then prove the build again.",
        ) from error
