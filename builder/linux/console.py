"""What a Linux guest's serial console tells: where a boot got stuck, and what the kernel reports.

The patterns are messages of Linux (``kernel/panic.c``, ``kernel/hung_task.c``, ``mm/oom_kill.c``,
``arch/x86/mm/fault.c``), systemd, initramfs-tools, dracut, shim, GRUB, SeaBIOS, OVMF and
cloud-init.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

_CONTROL = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC: titles
    r"|\x1b[@-Z\\-_=>()][0-9A-B]?"
    r"|[^\x20-\x7e\n\t\u00a0-\uffff]"
)


@dataclass(frozen=True)
class Finding:
    """A failure that the console shows, with the line that shows it."""

    kind: str
    line: str


@dataclass(frozen=True)
class Allowed:
    """A line that is known and passed over, with the reason, until a date."""

    pattern: str
    reason: str
    until: date

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError(f"'{self.pattern}' is passed over for no reason: write one")


STUCK = (
    # Only where nothing else is left to start: one refused entry is not the end.
    (
        r"(?s)BdsDxe: failed to .*(?:Access Denied|Security Violation).*BdsDxe: No bootable option",
        "Secure Boot: the firmware does not trust the signature of the boot loader on the disk",
    ),
    (
        r"Verification failed: \(0x1A\) Security Violation",
        "Secure Boot: shim does not trust the signature of GRUB",
    ),
    (
        r"error: .*(?:bad shim signature|has invalid signature)",
        "Secure Boot: shim does not trust the signature of the guest's kernel",
    ),
    (
        r"^\(initramfs\)|Dropping to a shell!",
        "the guest's initrd did not find its root: it waits in the initramfs shell",
    ),
    (r"Entering emergency mode\. Exit the shell", "the guest's dracut waits in its emergency mode"),
    (
        r"You are in (?:emergency|rescue) mode|Cannot open access to console, the root account",
        "systemd could not reach its target: the guest waits in emergency mode",
    ),
    (r"^grub rescue>", "GRUB did not find its own files: the guest waits in GRUB's rescue shell"),
    (r"^grub>", "GRUB found no configuration: the guest waits in GRUB's shell"),
    (
        r"you need to load the kernel first|Failed to boot both default and fallback entries",
        "GRUB could not load the guest's kernel",
    ),
    (
        r"No bootable device|BdsDxe: No bootable option",
        "the firmware found no boot loader on the disk",
    ),
    (r"UEFI Interactive Shell|^Shell>", "the firmware found no boot loader: it waits in its shell"),
    (
        r"VFS: Unable to mount root fs|VFS: Cannot open root device",
        "the guest's kernel could not mount its root",
    ),
    (r"Kernel panic - not syncing", "the guest's kernel panicked"),
    (
        r"\bDatasource DataSourceNone\b",
        "cloud-init found no config drive: it has installed no SSH key",
    ),
)

FAILURES = (
    ("kernel panic", r"Kernel panic - not syncing"),
    ("kernel oops", r"\bOops: |\bBUG: |general protection fault|kernel BUG at"),
    ("kernel warning", r"\bWARNING: CPU: \d+ PID: \d+"),
    ("call trace", r"\bCall Trace:"),
    ("hung task", r"blocked for more than \d+ seconds"),
    ("out of memory", r"Out of memory: Kill|oom-kill:|invoked oom-killer"),
    ("crashed program", r"segfault at|traps: .* trap |\bcode=dumped\b"),
    ("file system error", r"EXT4-fs error|XFS \(.*\): (?:Corruption|Internal error)"),
    ("I/O error", r"\bI/O error, dev "),
    ("systemd ordering cycle", r"[Ff]ound ordering cycle"),
)

ALLOWED: tuple[Allowed, ...] = ()

# kernel/rcu/tree_stall.h, tree_exp.h, kernel/watchdog.c
_STALL = re.compile(
    r"rcu: INFO: \w+ (?:self-)?detected (?:expedited )?stall|watchdog: BUG: soft lockup"
)
_TRACE = "call trace"


def without_stalls(text: str) -> str:
    """The text without the kernel's reports that a CPU stood still, and their call traces.

    An emulated CPU stands still whenever its host is busy: then they tell nothing of the image.
    """
    lines = plain(text).splitlines(keepends=True)
    kept = []
    number = 0
    while number < len(lines):
        if _STALL.search(lines[number]):
            number = _end_of_stall(lines, number + 1)
        else:
            kept.append(lines[number])
            number += 1
    return "".join(kept)


def _end_of_stall(lines: Sequence[str], start: int) -> int:
    """The line after the report's trace; a report without one has a single line."""
    for number in range(start, len(lines)):
        if "</TASK>" in lines[number]:
            return number + 1
        if _STALL.search(lines[number]) or _kind(lines[number]) not in {None, _TRACE}:
            break
    return start


def _kind(line: str) -> str | None:
    return next((kind for kind, pattern in FAILURES if re.search(pattern, line)), None)


def plain(text: str) -> str:
    """The text without terminal control: colours, cursor movements, carriage returns."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def tail(text: str, lines: int = 15) -> tuple[str, ...]:
    """The last lines that are not empty."""
    kept = [line.rstrip() for line in plain(text).splitlines() if line.strip()]
    return tuple(kept[-lines:])


def boot_failure(text: str) -> str | None:
    """Why the guest will not come up without help, or None where nothing says so."""
    shown = plain(text)
    for pattern, reason in STUCK:
        if re.search(pattern, shown, re.MULTILINE):
            return reason
    return None


def failures(
    text: str, *, today: date, allowed: Sequence[Allowed] = ALLOWED
) -> tuple[Finding, ...]:
    """Every failure that the console shows, in its order; an allowance ends with its date."""
    valid = [entry for entry in allowed if today <= entry.until]
    findings = []
    for line in plain(text).splitlines():
        if any(re.search(entry.pattern, line) for entry in valid):
            continue
        if (kind := _kind(line)) is not None:
            findings.append(Finding(kind, line.strip()))
    return tuple(findings)
