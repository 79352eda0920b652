"""What is read from a guest's serial console."""

from datetime import date

import pytest

from builder.linux.console import (
    FAILURES,
    STUCK,
    Allowed,
    boot_failure,
    failures,
    plain,
    tail,
    without_stalls,
)

TODAY = date(2026, 6, 1)
REFUSED = 'BdsDxe: failed to load Boot0001 "UEFI QEMU HARDDISK": Access Denied\r\n'


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        ("ALERT!  LABEL=root does not exist.  Dropping to a shell!\n(initramfs) ", "initramfs"),
        ("Entering emergency mode. Exit the shell to continue.", "dracut"),
        ("You are in emergency mode. After logging in, type", "emergency mode"),
        ("Cannot open access to console, the root account is locked.", "emergency mode"),
        ("error: unknown filesystem.\r\ngrub rescue> ", "rescue shell"),
        ("Minimal BASH-like line editing is supported.\r\n\r\ngrub> ", "no configuration"),
        ("error: you need to load the kernel first.\r\n", "could not load"),
        ("Booting from Hard Disk...\r\nNo bootable device.\r\n", "no boot loader"),
        ("BdsDxe: No bootable option or device was found.", "no boot loader"),
        ("\x1b[2JUEFI Interactive Shell v2.2", "no boot loader"),
        (f"{REFUSED}BdsDxe: No bootable option or device was found.", "firmware does not trust"),
        ("ERROR\x1b[8;27HVerification failed: (0x1A) Security Violation", "signature of GRUB"),
        (
            "error: bad shim signature.\r\nerror: you need to load the kernel first.",
            "guest's kernel",
        ),
        ("VFS: Unable to mount root fs on unknown-block(0,0)", "could not mount its root"),
        ("[    1.0] Kernel panic - not syncing: Attempted to kill init!", "panicked"),
        (
            "cloud-init[532]: finished at Mon. Datasource DataSourceNone.  Up 61.10 seconds",
            "no config drive",
        ),
    ],
)
def test_a_guest_that_cannot_come_up_is_recognised(shown: str, reason: str) -> None:
    found = boot_failure(shown)
    assert found is not None
    assert reason in found


def test_every_reason_for_being_stuck_is_known_by_its_text() -> None:
    assert len({reason for _, reason in STUCK}) == len(STUCK)


def test_a_guest_that_boots_is_not_taken_for_stuck() -> None:
    shown = (
        "GRUB loading.\r\nWelcome to GRUB!\r\n[    0.0] Linux version 6.1\r\n"
        "Begin: Running /scripts/local-premount ... done.\r\n"
        "[  OK  ] Reached target emergency.target\r\nproof login: "
        "finished at Mon. Datasource DataSourceConfigDrive [net,ver=2].  Up 40 seconds\r\n"
    )
    assert boot_failure(REFUSED + shown) is None
    assert boot_failure(shown) is None


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Kernel panic - not syncing: VFS", "kernel panic"),
        ("[ 3.1] BUG: unable to handle page fault for address: ffff", "kernel oops"),
        ("[ 3.1] Oops: 0002 [#1] PREEMPT SMP", "kernel oops"),
        ("[ 3.1] WARNING: CPU: 0 PID: 12 at kernel/x.c:5", "kernel warning"),
        ("[ 3.1] Call Trace:", "call trace"),
        ("INFO: task sync:99 blocked for more than 120 seconds.", "hung task"),
        ("Out of memory: Killed process 512 (apt)", "out of memory"),
        ("watchdog[1]: segfault at 0 ip 00", "crashed program"),
        ("EXT4-fs error (device sda3): ext4_lookup", "file system error"),
        ("blk_update_request: I/O error, dev sda, sector 5", "I/O error"),
        ("systemd[1]: a.service: Found ordering cycle on b.service", "systemd ordering cycle"),
    ],
)
def test_each_kind_of_failure_is_found(line: str, kind: str) -> None:
    (found,) = failures(f"[ 0.1] fine\r\n{line}\r\n[ 9.9] fine", today=TODAY)
    assert (found.kind, found.line) == (kind, line)


def test_every_kind_of_failure_has_its_own_name() -> None:
    assert len({kind for kind, _ in FAILURES}) == len(FAILURES)


@pytest.mark.parametrize(
    "line",
    [
        "[    0.000000] DMI: BIOS BUGS none",
        "systemd[1]: Mounting sys-kernel-debug.mount - Kernel Debug File System...",
        "EXT4-fs (sda3): re-mounted. Quota mode: none.",
        "watchdog: watchdog0: nowayout",
    ],
)
def test_an_ordinary_line_is_no_failure(line: str) -> None:
    assert failures(line, today=TODAY) == ()


def test_an_allowed_line_is_passed_over_until_its_date() -> None:
    allowed = [Allowed("Call Trace:", "known and harmless", TODAY)]
    line = "[ 3.1] Call Trace:"
    assert failures(line, today=TODAY, allowed=allowed) == ()
    assert failures(line, today=date(2026, 6, 2), allowed=allowed) != ()


@pytest.mark.parametrize("reason", ["", " \n"])
def test_a_line_is_not_allowed_without_a_reason(reason: str) -> None:
    with pytest.raises(ValueError, match="'Call Trace:' is passed over for no reason"):
        Allowed("Call Trace:", reason, TODAY)


def test_terminal_control_is_stripped() -> None:
    assert plain("\x1b[0;32m  OK  \x1b[0m]\r\nä\x07b\x1b]0;title\x07c") == "  OK  ]\näbc"


def test_the_tail_has_the_last_lines_without_empty_ones() -> None:
    assert tail("one\r\n\r\n two \r\n\x1b[0m\r\nthree\r\n", lines=2) == (" two", "three")


STALL = """\
[   96.8] rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 3-.... } 5387 jiffies
[   96.8] NMI backtrace for cpu 3
[   96.8] Call Trace:
[   96.8]  <TASK>
[   96.8]  __alloc_pages_bulk+0x5bd/0x6b0
[   96.8]  </TASK>
"""


def test_a_cpu_that_stood_still_is_seen_where_it_is_no_emulated_one() -> None:
    assert [failure.kind for failure in failures(STALL, today=TODAY)] == ["call trace"]
    assert failures(without_stalls(STALL), today=TODAY) == ()


def test_only_the_stalls_own_trace_is_passed_over() -> None:
    later = "[   99.0] Oops: 0002 [#1]\n[   99.0] Call Trace:\n[   99.0]  </TASK>\n"
    lockup = STALL.replace("rcu: INFO: rcu_preempt detected", "watchdog: BUG: soft lockup")
    for stall in (STALL, lockup):
        found = failures(without_stalls(stall + later + stall), today=TODAY)
        assert [failure.kind for failure in found] == ["kernel oops", "call trace"]


def test_a_stall_without_a_trace_of_its_own_hides_no_failure() -> None:
    header = STALL.splitlines()[0] + "\n"
    oops = "[   99.0] BUG: unable to handle page fault\n[   99.0] Oops: 0002 [#1]\n"
    disk = "[   98.0] EXT4-fs error (device sda3)\n"
    trace = "[   99.0] Call Trace:\n[   99.0]  </TASK>\n"
    for text in (header + disk + oops + trace, header + header + disk + oops + trace):
        found = failures(without_stalls(text), today=TODAY)
        assert [failure.kind for failure in found] == [
            "file system error", "kernel oops", "kernel oops", "call trace",
        ]  # fmt: skip
