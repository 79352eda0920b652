"""A guest that is waited for, and what is said where it cannot come up."""

import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from builder.errors import BuilderError, InterruptedByUser
from builder.host.accelerator import Accelerator
from builder.linux.console import BootSigns
from builder.vm.console_log import ConsoleLog
from builder.vm.guest import GuestNotUp
from builder.vm.wait import BootWait

LAST = "[    9.0] the console's last line\n"


def waiting(
    tmp_path: Path,
    *,
    shown: str = LAST,
    status: int | None = None,
    excess: str = "",
    since: float = 0,
) -> BootWait:
    log = tmp_path / "console.log"
    log.write_text(shown)
    process: Any = SimpleNamespace(status=status, tail=lambda: ["qemu: no such device"])
    guard: Any = SimpleNamespace(excess=excess)
    return BootWait(
        process, ConsoleLog(log), guard, time.monotonic() - since, BootSigns(), 600,
        Accelerator("tcg", "the processor shows neither vmx nor svm"), threading.Event(),
    )  # fmt: skip


def test_a_guest_that_may_still_come_is_waited_for(tmp_path: Path) -> None:
    waiting(tmp_path).check("an SSH server")


def test_a_guest_that_takes_too_long_shows_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(GuestNotUp, match=r"Timed out after 601 s waiting for an SSH server") as it:
        waiting(tmp_path, since=601).check("an SSH server")
    assert LAST.strip() in it.value.details
    assert it.value.hint


def test_a_guest_that_shows_why_it_is_stuck_is_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(GuestNotUp, match="the guest's kernel panicked"):
        waiting(tmp_path, shown="Kernel panic - not syncing: x\n").check("an SSH server")


def test_a_guest_that_was_ended_for_what_it_wrote_says_so(tmp_path: Path) -> None:
    excess = "The guest was ended when console.log had more than 4 MiB."
    with pytest.raises(GuestNotUp, match="more than 4 MiB"):
        waiting(tmp_path, excess=excess).check("an SSH server")


@pytest.mark.parametrize(("status", "kind"), [(0, GuestNotUp), (1, BuilderError)])
def test_a_qemu_that_has_ended_shows_its_last_words(
    tmp_path: Path, status: int, kind: type[BuilderError]
) -> None:
    with pytest.raises(kind, match=f"QEMU ended with exit code {status}") as caught:
        waiting(tmp_path, status=status).check("an SSH server")
    assert type(caught.value) is kind
    assert caught.value.details == ("qemu: no such device",)


def test_a_boot_that_is_cancelled_is_no_failure_of_the_guest(tmp_path: Path) -> None:
    cancelled = waiting(tmp_path)
    cancelled.cancelled.set()
    with pytest.raises(InterruptedByUser):
        cancelled.check("an SSH server")
