"""Runs a plan's inspections and probes on an image and records the evidence."""

import contextlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from builder import manifest
from builder.accel import Accelerator, detect
from builder.boots import Boot
from builder.checks import Check, checks_of, record
from builder.digest import sha256_of
from builder.disk import open_image
from builder.errors import BuilderError, HostError, ImageError, InterruptedByUser
from builder.feature import Filesystem, Outcome
from builder.features import Registry
from builder.imagefile import check_image
from builder.manifest import BootRecord, Evidence, Manifest
from builder.plan import Plan
from builder.progress import Progress
from builder.qemu import ImageFormat
from builder.selection import selected
from builder.vm import booted

KEPT_LOGS = ("console.log", "qemu.log")
"""What stays of a boot; keys, overlay and firmware variables do not."""


Result = tuple[Sequence[Evidence], Sequence[BootRecord]]
Job = Callable[[threading.Event], Result]


@dataclass(frozen=True)
class Subject:
    """The image that is checked. ``logs`` is where a boot's logs are kept."""

    path: Path
    format: ImageFormat
    sha256: str
    logs: Path


@dataclass(frozen=True)
class Wishes:
    """How a proof differs from the usual one."""

    only: Sequence[str] = ()
    """Names of the checks to make; none means all."""
    keep: bool = False
    """Leave each boot's disk, and say how to start the guest again."""
    accelerator: Accelerator | None = None
    """What to boot with, instead of what this machine is good for."""


def verify(
    directory: Path,
    registry: Registry,
    progress: Progress,
    *,
    boots: bool,
    wishes: Wishes | None = None,
) -> Manifest:
    """Check a build, add the evidence to its manifest, and return the manifest.

    Without ``boots`` the disk is inspected only. Raises ``InputError`` for a wish that cannot be
    met, ``ImageError`` if the image is not the one that was built, and ``HostError`` if this
    machine cannot make the checks.
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
    subject = Subject(image, known.image.format, known.image.sha256, directory)
    progress.phase("proof" if boots else "inspection")
    jobs: list[Job] = []
    if plan.inspections:
        jobs.append(lambda _: (_inspected(plan, checks, subject, progress), ()))
    if boots:
        jobs += [
            # A lambda would see the loop's last boot only.
            _Booting(boot, plan.distribution.default_user, checks, subject, progress, wishes)
            for boot in plan.boots
        ]
    for evidence, records in _side_by_side(jobs):
        known = known.with_evidence(evidence, records)
    manifest.write(directory, known)
    return known


def _inspected(
    plan: Plan, checks: Mapping[str, Check], subject: Subject, progress: Progress
) -> tuple[Evidence, ...]:
    return inspect(
        subject.path,
        subject.format,
        lambda _: [checks[one.id] for one in plan.inspections],
        subject.sha256,
        progress,
    )


def inspect(
    image: Path,
    image_format: str,
    checks: Callable[[Filesystem], Iterable[Check]],
    sha256: str,
    progress: Progress,
) -> tuple[Evidence, ...]:
    """Make inspections of an image at rest, in one start of libguestfs' appliance.

    ``checks`` chooses them when the disk is open: what is in it may decide which apply.
    Raises ``HostError`` where libguestfs cannot run, ``ImageError`` where nothing can be mounted.
    """
    start = time.monotonic()
    with open_image(image, image_format) as disk:
        evidence = tuple(record(check, disk, image_sha256=sha256) for check in checks(disk))
    progress.event(f"inspected in {time.monotonic() - start:.0f} s: {_summary(evidence)}")
    return evidence


@dataclass(frozen=True)
class _Booting:
    """One boot of the image and its probes."""

    boot: Boot
    admin_user: str
    checks: Mapping[str, Check]
    subject: Subject
    progress: Progress
    wishes: Wishes

    def __call__(self, cancelled: threading.Event) -> Result:
        with self._scratch() as scratch:
            workdir = scratch / self.boot.name
            try:
                return self._boot(workdir, cancelled)
            finally:
                self._keep_logs(workdir)

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[Path]:
        if self.wishes.keep:
            yield Path(tempfile.mkdtemp(prefix="kept-", dir=self.subject.logs))
            return
        with tempfile.TemporaryDirectory(prefix="guest-image-boot-") as scratch:
            yield Path(scratch)

    def _boot(self, workdir: Path, cancelled: threading.Event) -> Result:
        name, subject = self.boot.name, self.subject
        probes = [self.checks[one] for one in self.boot.probes]
        accelerator = self.wishes.accelerator or detect()
        start = time.monotonic()
        try:
            with booted(
                subject.path,
                subject.format,
                self.boot.machine,
                workdir,
                admin_user=self.admin_user,
                accelerator=accelerator,
                kept=self._say if self.wishes.keep else None,
                cancelled=cancelled,
            ) as guest:
                up = time.monotonic()
                self.progress.event(f"{name}: up in {up - start:.0f} s ({accelerator.name})")
                evidence = [
                    record(probe, guest, image_sha256=subject.sha256, boot=name) for probe in probes
                ]
                seconds = time.monotonic() - up
        except (HostError, InterruptedByUser):
            raise
        except BuilderError as error:
            self.progress.event(f"{name}: {error.message}")
            return [self._not_up(probe, error) for probe in probes], ()
        self.progress.event(f"{name}: probed in {seconds:.0f} s: {_summary(evidence)}")
        boot_record = BootRecord(
            name=name,
            accelerator=accelerator.name,
            until_ssh=round(up - start, 1),
            probes=round(seconds, 1),
            image_sha256=subject.sha256,
        )
        return evidence, [boot_record]

    def _say(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.progress.event(line)

    def _not_up(self, probe: Check, error: BuilderError) -> Evidence:
        return Evidence(
            check=probe.id,
            kind="probe",
            title=probe.title,
            outcome=Outcome.FAILED,
            seen=str(error),
            image_sha256=self.subject.sha256,
            boot=self.boot.name,
            at=datetime.now(UTC),
            seconds=0,
        )

    def _keep_logs(self, workdir: Path) -> None:
        for name in KEPT_LOGS:
            if (workdir / name).exists():
                kept = self.subject.logs / f"{self.boot.name}-{name}"
                shutil.copyfile(workdir / name, kept)


def _summary(evidence: Sequence[Evidence]) -> str:
    counts = {outcome: sum(one.outcome is outcome for one in evidence) for outcome in Outcome}
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count) or "none"


def _side_by_side(jobs: Sequence[Job]) -> list[Result]:
    """Run the jobs in as many threads as the host has cores; one's error cancels the others."""
    cancelled = threading.Event()
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        futures = [pool.submit(job, cancelled) for job in jobs]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            cancelled.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]
