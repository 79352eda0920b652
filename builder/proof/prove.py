"""Runs a plan's inspections and probes on an image and records the evidence."""

import os
from pathlib import Path

from builder.errors import HostError, ImageError
from builder.features.registry import Registry
from builder.host.files import sha256_of
from builder.host.locking import locked
from builder.image.safety import check_image
from builder.proof.boot import Booting, ProofOptions, Subject
from builder.proof.checks import checks_of
from builder.proof.inspection import INSPECTION, inspected
from builder.proof.result import Job, Result
from builder.proof.scheduler import run_parallel
from builder.proof.selection import selected
from builder.report.html import write_html
from builder.store import manifest
from builder.store.manifest import Manifest
from builder.terminal.progress import Progress


def verify(
    directory: Path,
    registry: Registry,
    progress: Progress,
    *,
    boots: bool,
    options: ProofOptions | None = None,
) -> Manifest:
    """Check a build, add the evidence to its manifest, and return the manifest.

    Without ``boots`` the disk is inspected only. The evidence of what has ended is written at once:
    it stays whatever becomes of the rest, and beside that of another proof of the same build.
    Raises ``InputError`` for a wish that cannot be met, ``ImageError`` if the image is not the one
    that was built, and ``HostError`` if this machine cannot make the checks.
    """
    options = options or ProofOptions()
    known = manifest.read(directory)
    plan = known.planned()
    checks = checks_of(plan, registry)
    plan = selected(plan, checks, options.only)
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
            Booting(boot, plan.distribution.default_user, checks, subject, progress, options)
            for boot in plan.boots
        ]
    if plan.inspections:
        jobs.append(
            lambda scheduler: inspected(plan, checks, subject, progress, scheduler.cancelled)
        )
    run_parallel(jobs, lambda result: _keep(directory, result))
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
