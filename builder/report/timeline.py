"""Where the time of a boot went, from its console and its evidence.

The console's lines bear the guest kernel's own clock, which begins with the kernel. The line with
which the kernel sets its clock from the hardware's (``drivers/rtc/class.c``: whole seconds, and it
adds half of one) tells when that was. QEMU's hardware clock is this host's, so that console and
evidence can be laid on one scale.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from builder.feature import Outcome
from builder.linux.console import plain
from builder.store.sections import BootRecord, Evidence

_STAMP = r"^\[ *(?P<seconds>\d+\.\d+)\] "
_KERNEL = re.compile(_STAMP + "Linux version ", re.MULTILINE)
_CLOCK_SET = re.compile(
    _STAMP + r".*setting system clock to (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d) UTC",
    re.MULTILINE,
)
_CLOCK_ROUNDING = timedelta(seconds=0.5)
_INIT = re.compile(_STAMP + "Run /init as init process", re.MULTILINE)
_SYSTEMD = re.compile(_STAMP + r"systemd\[1\]: systemd .+ running in system mode", re.MULTILINE)
_UP = r".{0,99}Up (?P<seconds>\d{1,9}\.\d{1,9}) sec"
_CLOUD_INIT = re.compile(r"Cloud-init v\. .{0,99} running 'init-local' " + _UP)
_CLOUD_INIT_END = re.compile(r"Cloud-init v\. .{0,99} finished at " + _UP)

SLACK = 1.0
"""Seconds by which the clocks of a boot and its evidence may differ."""


@dataclass(frozen=True)
class Span:
    """Something that took time, in seconds from power-on."""

    name: str
    start: float
    end: float
    detail: str = ""
    outcome: Outcome | None = None
    """A probe's; a stage of the boot has none."""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.start


@dataclass(frozen=True)
class Timeline:
    """One boot: its stages one after the other, what ran beside them, and its probes."""

    boot: BootRecord
    login: bool
    """Whether the default user was to log in; else the probes watch the guest as it starts."""
    stages: tuple[Span, ...]
    beside: tuple[Span, ...]
    probes: tuple[Span, ...]
    restarts: tuple[float, ...]
    """When the kernel began again, as it does after a reset that a probe asked for."""

    @property
    def seconds(self) -> float:
        """Until the last of it was over."""
        ends = [span.end for span in (*self.stages, *self.beside, *self.probes)]
        return max([self.boot.until_ssh, *ends])


def timeline(
    boot: BootRecord, evidence: Iterable[Evidence], console: str, *, login: bool = True
) -> Timeline:
    """The boot's timeline. Evidence of an earlier run of the same boot is left out.

    Without a console, or without times in it, the guest's start is one stage. It ends with the
    first login, and where nobody logs in with the boot.
    """
    starts = _starts(plain(console))
    began = [_kernel_start(text, boot) for text in starts]
    up = boot.until_ssh if login else boot.until_ssh + boot.probes
    stages, beside = _stages(starts[0], began[0], up) if starts else ([], [])
    return Timeline(
        boot=boot,
        login=login,
        stages=tuple(stages or [Span("the guest's start", 0, up)]),
        beside=tuple(beside),
        probes=tuple(_probes(boot, evidence)),
        restarts=tuple(restart for restart in began[1:] if restart is not None),
    )


def _starts(console: str) -> list[str]:
    """The console's text from each start of a kernel to the next."""
    begins = [match.start() for match in _KERNEL.finditer(console)]
    return [console[a:b] for a, b in pairwise([*begins, len(console)])]


def _kernel_start(console: str, boot: BootRecord) -> float | None:
    """When the kernel began, or None where the console does not tell, or not the truth."""
    match = _CLOCK_SET.search(console)
    if match is None or boot.at is None:
        return None
    try:
        told = datetime.fromisoformat(match["time"]).replace(tzinfo=UTC) + _CLOCK_ROUNDING
    except ValueError:
        return None
    began = (told - boot.at).total_seconds() - float(match["seconds"])
    return max(began, 0.0) if -SLACK <= began <= boot.until_ssh + boot.probes else None


def _stages(console: str, kernel: float | None, up: float) -> tuple[list[Span], list[Span]]:
    if kernel is None:
        return [], []

    def reached(pattern: re.Pattern[str]) -> float | None:
        # dracut's initrd has a systemd of its own: the last one is the root file system's.
        found = [float(match["seconds"]) + kernel for match in pattern.finditer(console)]
        return found[-1] if found else None

    begins = (
        ("firmware and boot loader", 0.0),
        ("kernel", kernel),
        ("initrd", reached(_INIT)),
        ("systemd", reached(_SYSTEMD)),
    )
    begun = [(name, at) for name, at in begins if at is not None and at < up]
    ends = [*(at for _, at in begun[1:]), up]
    stages = [Span(name, at, end) for (name, at), end in zip(begun, ends, strict=True)]
    cloud_init, finished = reached(_CLOUD_INIT), reached(_CLOUD_INIT_END)
    if cloud_init is None or finished is None:
        return stages, []
    return stages, [Span("cloud-init", cloud_init, finished)]


def _probes(boot: BootRecord, evidence: Iterable[Evidence]) -> Iterable[Span]:
    for result in evidence:
        if result.boot != boot.name or boot.at is None:
            continue
        start = (result.at - boot.at).total_seconds()
        if -SLACK <= start <= boot.until_ssh + boot.probes + SLACK:
            yield Span(result.title, start, start + result.seconds, result.seen, result.outcome)
