"""What a Linux guest's serial console tells: where a boot got stuck, and what the kernel reports.

The patterns are messages of Linux (``kernel/panic.c``, ``kernel/hung_task.c``, ``mm/oom_kill.c``,
``arch/x86/mm/fault.c``), systemd, initramfs-tools, dracut, shim, GRUB, SeaBIOS, OVMF and
cloud-init.

A guest may be hostile: whatever it shows is read line by line, no further than a line can
reasonably go, by patterns whose time grows with the line's length and no faster.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

LINE_LIMIT = 2048
"""Characters of a line that are looked at."""

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


_REFUSED = re.compile(r"BdsDxe: failed to .{0,256}(?:Access Denied|Security Violation)")
_NOTHING_LEFT = re.compile(r"BdsDxe: No bootable option")
DISTRUSTED = "Secure Boot: the firmware does not trust the signature of the boot loader on the disk"
"""Only where nothing else is left to start: one refused entry is not the end."""

STUCK = (
    (
        r"Verification failed: \(0x1A\) Security Violation",
        "Secure Boot: shim does not trust the signature of GRUB",
    ),
    (
        r"error: .{0,128}(?:bad shim signature|has invalid signature)",
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
    ("crashed program", r"segfault at|traps: [^\[]{1,16}\[\d+\] trap |\bcode=dumped\b"),
    ("file system error", r"EXT4-fs error|XFS \([^()]{1,32}\): (?:Corruption|Internal error)"),
    ("I/O error", r"\bI/O error, dev "),
    ("systemd ordering cycle", r"[Ff]ound ordering cycle"),
)

_ANY_STUCK = re.compile(
    "|".join((*(pattern for pattern, _ in STUCK), _REFUSED.pattern, _NOTHING_LEFT.pattern))
)
_ANY_FAILURE = re.compile("|".join(pattern for _, pattern in FAILURES))
"""Nearly every line shows none: it is read once, not once for each."""

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
    seen = line[:LINE_LIMIT]
    if not seen or _ANY_FAILURE.search(seen) is None:
        return None
    return next((kind for kind, pattern in FAILURES if re.search(pattern, seen)), None)


def plain(text: str) -> str:
    """The text without terminal control: colours, cursor movements, carriage returns."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def tail(text: str, lines: int = 15) -> tuple[str, ...]:
    """The last lines that are not empty, none longer than ``LINE_LIMIT``."""
    end = plain(text[-4 * lines * LINE_LIMIT :])
    kept = [line.rstrip()[:LINE_LIMIT] for line in end.splitlines() if line.strip()]
    return tuple(kept[-lines:])


def boot_failure(text: str) -> str | None:
    """Why the guest will not come up without help, or None where nothing says so."""
    signs = BootSigns()
    signs.read(text)
    return signs.reason


class BootSigns:
    """Looks for the signs in ``STUCK`` on a console as it grows, each line once.

    ``start`` is where it begins to look.
    """

    def __init__(self, start: int = 0) -> None:
        self._position = start
        self._begun = ""
        self._refused = False
        self._found = len(STUCK)
        self._distrusted = False

    @property
    def reason(self) -> str | None:
        """Why the guest will not come up, by the weightiest sign so far."""
        if self._distrusted:
            return DISTRUSTED
        return STUCK[self._found][1] if self._found < len(STUCK) else None

    def read(self, shown: str) -> None:
        """Look at what a console shows by now beyond what it showed before."""
        new = shown[self._position :]
        if not new:
            return
        self._position = len(shown)
        *lines, begun = (self._begun + new.replace("\r", "\n")).split("\n")
        self._begun = begun[:LINE_LIMIT]
        for line in (*lines, begun):  # a prompt has no end
            if line:
                self._look_at(plain(line[:LINE_LIMIT]))

    def _look_at(self, line: str) -> None:
        if _ANY_STUCK.search(line) is None:
            return
        for number, (pattern, _) in enumerate(STUCK[: self._found]):
            if re.search(pattern, line):
                self._found = number
                break
        self._refused = self._refused or _REFUSED.search(line) is not None
        if self._refused and _NOTHING_LEFT.search(line):
            self._distrusted = True


def failures(
    text: str, *, today: date, allowed: Sequence[Allowed] = ALLOWED
) -> tuple[Finding, ...]:
    """Every failure that the console shows, in its order; an allowance ends with its date."""
    valid = [entry for entry in allowed if today <= entry.until]
    findings = []
    for line in plain(text).splitlines():
        kind = _kind(line)
        if kind is None or any(re.search(entry.pattern, line[:LINE_LIMIT]) for entry in valid):
            continue
        findings.append(Finding(kind, line[:LINE_LIMIT].strip()))
    return tuple(findings)
