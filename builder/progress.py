"""What a person sees during long work: a live line on a terminal, plain lines elsewhere."""

import shutil
import sys
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self, TextIO

HEARTBEAT = 30.0
"""Seconds after which plain output repeats where the work is, so that CI sees it live."""

LIVE_INTERVAL = 0.1
LIVE_WIDTH = 100
CLEAR_LINE = "\r\033[K"


class Progress:
    """Phases with their times, and the last line of what runs.

    Safe to use from several threads. ``timings`` has the seconds of every finished phase.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._lock = threading.Lock()
        self._start = time.monotonic()
        self._phase = ""
        self._phase_start = self._start
        self._last_shown = self._start
        self._timings: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._lock:
            self._end_phase()

    @property
    def timings(self) -> Mapping[str, float]:
        """Seconds per phase, in their order; a phase entered twice counts once, with the sum."""
        return dict(self._timings)

    def phase(self, name: str) -> None:
        """A phase begins; the one before has ended."""
        with self._lock:
            if name == self._phase:
                return
            self._end_phase()
            self._phase, self._phase_start = name, time.monotonic()
            if not self._live:
                self._write(f"{self._elapsed()} {name}\n")

    def line(self, text: str) -> None:
        """The last line of what runs; shown live, or now and then."""
        with self._lock:
            now = time.monotonic()
            if self._live and now - self._last_shown >= LIVE_INTERVAL:
                width = min(LIVE_WIDTH, shutil.get_terminal_size().columns - 1)
                shown = f"{self._elapsed()} {self._phase}: {_printable(text)}"[:width]
                self._write(f"{CLEAR_LINE}{shown}")
                self._last_shown = now
            elif not self._live and now - self._last_shown >= HEARTBEAT:
                self._write(f"{self._elapsed()} {self._phase}: {_printable(text)}\n")

    def event(self, text: str) -> None:
        """Something that is worth a line of its own."""
        with self._lock:
            clear = CLEAR_LINE if self._live else ""
            self._write(f"{clear}{self._elapsed()} {text}\n")

    def _end_phase(self) -> None:
        if not self._phase:
            return
        seconds = time.monotonic() - self._phase_start
        self._timings[self._phase] = round(self._timings.get(self._phase, 0.0) + seconds, 1)
        if self._live:
            self._write(f"{CLEAR_LINE}{self._elapsed()} {self._phase} ({seconds:.1f} s)\n")
        self._phase = ""

    def _elapsed(self) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self._start), 60)
        return f"[{minutes:02d}:{seconds:02d}]"

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
        self._last_shown = time.monotonic()


def _printable(text: str) -> str:
    """The text without control characters, which would move a terminal's cursor."""
    return "".join(one if one.isprintable() else " " for one in text.strip())
