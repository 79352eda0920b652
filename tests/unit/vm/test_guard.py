"""A guest is ended where it writes too much, or where this host has no more room for it."""

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from builder.errors import HostError
from builder.vm import console_log, guard
from builder.vm.guard import Guard


class Qemu:
    """A program that somebody may end."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def end(self, *, patience: float) -> None:
        assert patience
        self.ended.set()


def watched(workdir: Path) -> tuple[Guard, Qemu]:
    qemu: Any = Qemu()
    own = Guard(threading.Event(), qemu, workdir, workdir / "overlay.qcow2")
    with own.watching():
        qemu.ended.wait(4 * guard.INTERVAL)
    return own, qemu


def test_a_guest_that_writes_little_stays(tmp_path: Path) -> None:
    (tmp_path / "console.log").write_text("login: ")
    sound, qemu = watched(tmp_path)
    assert sound.excess == ""
    assert not qemu.ended.is_set()


def test_a_guest_that_floods_a_log_is_ended_and_the_log_cut(tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    log.write_bytes(bytes(console_log.LIMIT + 1))
    flooding, qemu = watched(tmp_path)
    assert "console.log had more than 4 MiB" in flooding.excess
    assert qemu.ended.is_set()
    assert log.stat().st_size == console_log.LIMIT


def test_a_host_without_room_is_not_the_guests_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = SimpleNamespace(f_bavail=1, f_frsize=4096)
    monkeypatch.setattr("os.statvfs", lambda _: full)
    ended, qemu = watched(tmp_path)
    assert qemu.ended.is_set()
    with pytest.raises(HostError, match=r"became full while a guest ran(?s:.*)TMPDIR"):
        _ = ended.excess
