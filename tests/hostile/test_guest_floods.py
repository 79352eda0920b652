"""Guests that write without end: on their console, and on their disk."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import boot_sectors
import pytest

from builder.feature import Machine
from builder.vm import console_log, guard
from builder.vm.guest import GuestNotUp
from builder.vm.launch import CONSOLE_LOG, booted

pytestmark = pytest.mark.boot

ROOT = Path(__file__).parents[2]
LIMIT = 60.0
SLACK = 8 << 20
"""Bytes that a guest may write between two looks, and until it has ended."""


def used(directory: Path) -> int:
    return sum(path.lstat().st_blocks * 512 for path in directory.rglob("*"))


def outcome(image: Path, workdir: Path) -> str:
    start = time.monotonic()
    with (
        pytest.raises(GuestNotUp) as failure,
        booted(image, "raw", Machine(), workdir, admin_user="nobody", boot_limit=LIMIT),
    ):
        pytest.fail("it must not come up")
    assert time.monotonic() - start < LIMIT
    return str(failure.value)


@pytest.mark.parametrize("text", [b"A", b"error: ", b"a\n", b"\x1b["])
def test_a_console_without_end_ends_the_guest(text: bytes, tmp_path: Path) -> None:
    image = boot_sectors.disk(tmp_path / "disk.raw", boot_sectors.floods_console(text))
    said = outcome(image, tmp_path / "work")
    assert "The guest was ended when console.log had more than 4 MiB." in said
    assert len(said) < 64 << 10
    assert (tmp_path / "work" / CONSOLE_LOG).stat().st_size == console_log.LIMIT
    assert used(tmp_path / "work") < console_log.LIMIT + SLACK


def test_a_disk_that_is_filled_ends_the_guest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "OVERLAY_LIMIT", 32 << 20)
    code = boot_sectors.floods_disk()
    image = boot_sectors.disk(tmp_path / "disk.raw", code, size=8 << 30)
    assert "had changed more than 0 GiB of its disk" in outcome(image, tmp_path / "work")
    assert used(tmp_path / "work") < SLACK


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system is mounted by root")
def test_a_host_whose_disk_becomes_full_is_told_and_does_not_wait(tmp_path: Path) -> None:
    """QEMU holds such a guest, which nobody would see before the boot's own limit."""
    image = boot_sectors.disk(tmp_path / "disk.raw", boot_sectors.floods_disk(), size=8 << 30)
    small = tmp_path / "small"
    small.mkdir()
    mounted = 'mount -t tmpfs -o size=64M tmpfs "$0" && exec "$@"'
    start = time.monotonic()
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", mounted, small, *program_that_boots(image, small / "x")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert time.monotonic() - start < LIMIT
    assert f"HostError: {small}/x became full while a guest ran" in done.stderr


def program_that_boots(image: Path, work: Path) -> list[str]:
    """A program of its own, whose console may show much, and which SIGTERM ends as the command."""
    program = f"""
from pathlib import Path
import signal
from builder.cli import program
from builder.feature import Machine
from builder.vm import console_log
from builder.vm.launch import booted
console_log.LIMIT = 64 << 20
signal.signal(signal.SIGTERM, program._stop)
with booted(Path({str(image)!r}), "raw", Machine(), Path({str(work)!r}), admin_user="nobody"):
    pass
"""
    return [sys.executable, "-c", program]


def test_a_signal_ends_the_program_within_seconds(tmp_path: Path) -> None:
    """Also where it computes all the time, for a console of which it reads every line."""
    image = boot_sectors.disk(tmp_path / "disk.raw", boot_sectors.floods_console(b"error: "))
    work = tmp_path / "work"
    with subprocess.Popen(
        program_that_boots(image, work),
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            shown = work / CONSOLE_LOG
            start = time.monotonic()
            while not shown.exists() or shown.stat().st_size < 1 << 20:
                assert process.poll() is None, process.communicate()
                assert time.monotonic() - start < LIMIT
                time.sleep(0.1)
            stopped, queued = time.monotonic(), seconds_in_queue(process.pid)
            process.send_signal(signal.SIGTERM)
            others = 0.0
            while process.poll() is None and time.monotonic() - stopped < LIMIT:
                others = max(others, seconds_in_queue(process.pid) - queued)
                time.sleep(0.05)
            took = time.monotonic() - stopped
            _, said = process.communicate(timeout=1)
        finally:
            process.kill()
    assert "Stopped by SIGTERM" in said
    assert took - others < 5, f"{took:.1f} s, {others:.1f} of which it waited for a processor"


def seconds_in_queue(process: int) -> float:
    """How long a process's first thread has waited for a processor, which others have had."""
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):  # it has just ended
        return 0.0
