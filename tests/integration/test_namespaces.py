"""Namespaces of a real kernel: what happens in a sandbox ends with it. Needs root."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from builder.build.sandbox import Sandbox
from builder.host.process import run

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="a sandbox needs root"),
]

HOLDING = """
import sys, time
from pathlib import Path
from builder.build.sandbox import Sandbox
import subprocess
with Sandbox(Path(sys.argv[1]), in_memory=True) as sandbox:
    inside = subprocess.Popen(sandbox.command(["sleep", "12345.678"]))
    print(sandbox.path(Path("/")), flush=True)
    time.sleep(60)
"""


def inside(sandbox: Sandbox, *argv: str | Path) -> str:
    return run(sandbox.command(argv), timeout=20, purpose="test the sandbox")


def sleepers() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue  # it has ended since
        if b"12345.678" in words and words[0] == b"sleep":
            found.append(path.parent.name)
    return found


def wait_for_no_sleepers() -> bool:
    until = time.monotonic() + 10
    while sleepers() and time.monotonic() < until:
        time.sleep(0.05)
    return not sleepers()


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return scratch


def test_a_sandbox_behind_a_symbolic_link_is_seen_from_outside(
    scratch: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(scratch)
    with Sandbox(link, in_memory=True) as sandbox:
        inside(sandbox, "touch", sandbox.scratch / "file")
        assert sandbox.path(sandbox.scratch / "file").exists()
    assert not (scratch / "file").exists()


def test_a_mount_of_the_sandbox_is_unknown_to_the_host(scratch: Path) -> None:
    with Sandbox(scratch, in_memory=False) as sandbox:
        (scratch / "mnt").mkdir()
        inside(sandbox, "mount", "-t", "tmpfs", "tmpfs", scratch / "mnt")
        inside(sandbox, "touch", scratch / "mnt/file")
        assert str(scratch) in inside(sandbox, "cat", "/proc/self/mounts")
        assert str(scratch) not in Path("/proc/self/mounts").read_text()
        assert not (scratch / "mnt/file").exists()
        assert sandbox.path(scratch / "mnt/file").exists()


def test_scratch_in_memory_leaves_nothing_on_the_disk(scratch: Path) -> None:
    with Sandbox(scratch, in_memory=True) as sandbox:
        inside(sandbox, "touch", scratch / "file")
        assert sandbox.path(scratch / "file").exists()
    assert list(scratch.iterdir()) == []


def test_scratch_on_disk_is_the_host_s_own(scratch: Path) -> None:
    with Sandbox(scratch, in_memory=False) as sandbox:
        inside(sandbox, "touch", scratch / "file")
        assert (scratch / "file").exists()


def test_processes_of_the_host_are_unknown_in_the_sandbox(scratch: Path) -> None:
    with Sandbox(scratch, in_memory=False) as sandbox:
        pids = inside(sandbox, "sh", "-c", "echo /proc/[0-9]*").split()
    assert len(pids) <= 3


def test_a_process_that_was_left_behind_ends_with_the_sandbox(scratch: Path) -> None:
    with Sandbox(scratch, in_memory=False) as sandbox:
        inside(sandbox, "sh", "-c", "sleep 12345.678 > /dev/null 2>&1 & true")
        assert len(sleepers()) == 1
    assert wait_for_no_sleepers()


def test_when_the_builder_is_killed_mounts_and_processes_end(scratch: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, scratch], stdout=subprocess.PIPE, text=True
    ) as builder:
        assert builder.stdout is not None
        root = Path(builder.stdout.readline().strip())
        assert root.exists()
        until = time.monotonic() + 10
        while not sleepers() and time.monotonic() < until:
            time.sleep(0.05)
        assert sleepers()
        builder.send_signal(signal.SIGKILL)
    assert wait_for_no_sleepers()
    assert not root.exists()


def test_an_exit_code_passes_through(scratch: Path) -> None:
    with Sandbox(scratch, in_memory=False) as sandbox:
        done = subprocess.run(sandbox.command(["sh", "-c", "exit 42"]), check=False)
    assert done.returncode == 42


def test_two_sandboxes_at_once_do_not_see_each_other(scratch: Path) -> None:
    with (
        Sandbox(scratch, in_memory=True) as first,
        Sandbox(scratch, in_memory=True) as second,
    ):
        inside(first, "touch", scratch / "file")
        assert first.path(scratch / "file").exists()
        assert not second.path(scratch / "file").exists()


def test_a_program_starts_in_the_scratch_directory_of_the_sandbox(scratch: Path) -> None:
    with Sandbox(scratch, in_memory=True) as sandbox:
        assert inside(sandbox, "pwd").strip() == str(scratch)
        inside(sandbox, "touch", "left-behind")
        assert sandbox.path(scratch / "left-behind").exists()
    assert list(scratch.iterdir()) == []
