"""Ends a guest that is not wanted any more, or that writes more than any sound one does.

A guest may be hostile, and what it writes lands on this host: on its console, in the logs of the
programs that speak to it, and on its disk.
"""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from builder.errors import HostError
from builder.host.process import Running
from builder.vm import console_log

INTERVAL = 0.25
"""Seconds between two looks."""

OVERLAY_LIMIT = 4 << 30
"""Bytes that a guest may change of its disk. What is probed changes less than one GiB."""

ROOM = 16 << 20
"""Bytes that must stay free where a guest's disk lies: QEMU holds a guest that finds no more."""


class Guard:
    """Watches one QEMU, and ends it where its guest writes too much, or this host has no room."""

    def __init__(
        self, cancelled: threading.Event, process: Running, workdir: Path, overlay: Path
    ) -> None:
        self._excess = ""
        self._full = False
        self._cancelled = cancelled
        self._process = process
        self._workdir = workdir
        self._overlay = overlay
        self._left = threading.Event()

    @property
    def excess(self) -> str:
        """What the guest was ended for, where it wrote too much; empty while it may run.

        Raises ``HostError`` where it was ended because this host has no more room.
        """
        if self._full:
            raise HostError(
                f"{self._workdir} became full while a guest ran.",
                details=["Its disk lies there, and what has changed of it takes room."],
                hint="Make room, or choose another directory with TMPDIR.",
            )
        return self._excess

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch while the block runs."""
        watcher = threading.Thread(target=self._watch, name="guard")
        watcher.start()
        try:
            yield
        finally:
            self._left.set()
            watcher.join()

    def _watch(self) -> None:
        while not self._left.is_set():
            if self._cancelled.wait(INTERVAL):
                self._process.end(patience=1)
                return
            self._full = self._has_no_room()
            self._excess = self._too_much()
            if self._full or self._excess:
                self._process.end(patience=1)
                self._shorten_logs()
                return

    def _too_much(self) -> str:
        for log in self._workdir.glob("*.log"):
            if log.stat().st_size > console_log.LIMIT:
                return (
                    f"The guest was ended when {log.name} had more than"
                    f" {console_log.LIMIT >> 20} MiB."
                )
        with contextlib.suppress(FileNotFoundError):
            if self._overlay.stat().st_blocks * 512 > OVERLAY_LIMIT:
                return (
                    "The guest was ended when it had changed more than"
                    f" {OVERLAY_LIMIT >> 30} GiB of its disk."
                )
        return ""

    def _has_no_room(self) -> bool:
        status = os.statvfs(self._workdir)
        return status.f_bavail * status.f_frsize < ROOM

    def _shorten_logs(self) -> None:
        for log in self._workdir.glob("*.log"):
            if log.stat().st_size > console_log.LIMIT:
                os.truncate(log, console_log.LIMIT)
