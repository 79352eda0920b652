"""One boot of an image, and the probes made in it."""

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from builder.errors import BuilderError, HostError, InterruptedByUser
from builder.feature import CheckFailed, Guest, Outcome
from builder.host.accelerator import Accelerator, for_guest
from builder.host.files import sha256_of
from builder.host.scratch import scratch
from builder.plan.boots import Boot
from builder.proof.checks import Check, record, summary
from builder.proof.result import Result
from builder.proof.scheduler import Scheduler
from builder.store.build_directory import boot_log
from builder.store.sections import BootRecord, Evidence
from builder.terminal.progress import Progress
from builder.vm.guest import Control, GuestNotUp
from builder.vm.launch import booted
from builder.vm.qemu import ImageFormat

KEPT_LOGS = ("console.log", "qemu.log")
"""What stays of a boot; keys, overlay and firmware variables do not."""

DMI = ("/sys/class/dmi/id/bios_vendor", "/sys/class/dmi/id/bios_version")
"""Where a Linux guest has its firmware's own words."""
KERNEL = ("/proc/sys/kernel/osrelease", "/proc/cmdline")
"""Where it has its kernel's release, and what that was started with; a line each."""
FLASH = "pflash0"
"""What QEMU calls the block device that has UEFI's code. OVMF tells a guest no version."""


@dataclass(frozen=True)
class Subject:
    """The image that is checked. ``logs`` is where a boot's logs are kept."""

    path: Path
    format: ImageFormat
    sha256: str
    logs: Path


@dataclass(frozen=True)
class ProofOptions:
    """How a proof differs from the usual one."""

    only: Sequence[str] = ()
    """Names of the checks to make; none means all."""
    keep: bool = False
    """Leave each boot's disk, and say how to start the guest again."""
    accelerator: Accelerator | None = None
    """What to boot with, instead of what this machine is good for."""


def kept_logs(directory: Path, boots: Iterable[str]) -> list[str]:
    """The names of the logs that boots have left in a build directory."""
    paths = (boot_log(directory, boot, log) for boot in boots for log in KEPT_LOGS)
    return [path.name for path in paths if path.exists()]


@dataclass(frozen=True)
class Booting:
    """A job: boots the image and makes the boot's probes."""

    boot: Boot
    admin_user: str
    checks: Mapping[str, Check]
    subject: Subject
    progress: Progress
    options: ProofOptions

    def __call__(self, scheduler: Scheduler) -> Result:
        """Boot. Raises ``HostError``, ``InterruptedByUser``; every other error is evidence."""
        with self._scratch() as directory:
            workdir = directory / self.boot.name
            try:
                return self._boot(workdir, scheduler)
            finally:
                self._keep_logs(workdir)
                self.progress.line("", source=self.boot.name)

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[Path]:
        if self.options.keep:
            yield Path(tempfile.mkdtemp(prefix="kept-", dir=self.subject.logs))
            return
        with scratch("boot") as directory:
            yield directory

    def _boot(self, workdir: Path, scheduler: Scheduler) -> Result:
        name, subject = self.boot.name, self.subject
        probes = [self.checks[name] for name in self.boot.probes]
        accelerator = for_guest(self.boot.machine.architecture, self.options.accelerator)
        at, start = datetime.now(UTC), time.monotonic()
        self.progress.line("the guest starts", source=name)
        evidence = []
        try:
            with booted(
                subject.path,
                subject.format,
                self.boot.machine,
                workdir,
                admin_user=self.admin_user,
                login=self.boot.login,
                accelerator=accelerator,
                kept=self._say if self.options.keep else None,
                control=Control(scheduler.cancelled, scheduler.yield_slot),
            ) as guest:
                up = time.monotonic()
                self.progress.event(f"{name}: up in {up - start:.0f} s ({accelerator.name})")
                qemu, firmware = _qemu(guest), _firmware(guest)
                kernel, command_line = _kernel(guest)
                for probe in probes:
                    self.progress.line(probe.title, source=name)
                    evidence.append(record(probe, guest, image_sha256=subject.sha256, boot=name))
                seconds = time.monotonic() - up
        except (HostError, InterruptedByUser):
            raise
        except BuilderError as error:
            self.progress.event(f"{name}: {error.message}")
            return Result([self._not_up(probe, error) for probe in probes])
        self.progress.event(f"{name}: probed in {seconds:.0f} s: {summary(evidence)}")
        boot_record = BootRecord(
            name=name,
            accelerator=accelerator.name,
            until_ssh=round(up - start, 1),
            probes=round(seconds, 1),
            image_sha256=subject.sha256,
            qemu=qemu,
            firmware=firmware,
            at=at,
            kernel=kernel,
            command_line=command_line,
        )
        return Result(evidence, [boot_record])

    def _say(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.progress.event(line)

    def _not_up(self, probe: Check, error: BuilderError) -> Evidence:
        """What hinders this program from booting says nothing about the image."""
        return Evidence(
            check=probe.id,
            kind="probe",
            title=probe.title,
            outcome=Outcome.FAILED if isinstance(error, GuestNotUp) else Outcome.ERROR,
            seen=str(error),
            image_sha256=self.subject.sha256,
            boot=self.boot.name,
            at=datetime.now(UTC),
            seconds=0,
        )

    def _keep_logs(self, workdir: Path) -> None:
        for name in KEPT_LOGS:
            if (workdir / name).exists():
                kept = boot_log(self.subject.logs, self.boot.name, name)
                try:
                    shutil.copyfile(workdir / name, kept)
                except OSError as error:
                    raise HostError(
                        f"The log {kept} could not be written.",
                        details=[error.strerror or str(error)],
                        hint="Make room, or make it writable; then prove the build again.",
                    ) from error


# What gives no answer to these stays empty: it is no proof of anything.


def _qemu(guest: Guest) -> str:
    with contextlib.suppress(BuilderError, TimeoutError):
        answer = guest.qmp("query-version")
        number = "{major}.{minor}.{micro}".format_map(answer["qemu"])
        return f"{number} {answer['package']}".strip()
    return ""


def _firmware(guest: Guest) -> str:
    words = []
    with contextlib.suppress(CheckFailed, TimeoutError):
        words = guest.run("cat", *DMI).stdout.split()
    with contextlib.suppress(BuilderError, TimeoutError):
        for device in guest.qmp("query-block"):
            if device["device"] == FLASH:
                code = Path(device["inserted"]["file"])
                words.append(f"({code.name}, SHA-256 {sha256_of(code)})")
    return " ".join(words)


def _kernel(guest: Guest) -> tuple[str, str]:
    with contextlib.suppress(CheckFailed, TimeoutError):
        release, _, command_line = guest.run("cat", *KERNEL).stdout.partition("\n")
        return release.strip(), command_line.strip()
    return "", ""
