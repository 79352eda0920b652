"""What a person sees during long work: a live line on a terminal, plain lines elsewhere."""

import shutil
import sys
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self, TextIO

HEARTBEAT = 30.0
"""Seconds of silence after which plain output says where the work is: CI ends what seems dead."""

TICK = 1.0
"""Seconds after which a terminal's time moves on, whether or not anything was said."""

LIVE_INTERVAL = 0.1
LIVE_WIDTH = 100
CLEAR_LINE = "\r\033[K"


class Progress:
    """Phases with their times, and the last line of what runs.

    Safe to use from several threads. ``timings`` has the seconds of every finished phase. As a
    context manager it also shows that silent work goes on.
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
        self._lines: dict[str, str] = {}
        self._left = threading.Event()
        self._ticker = threading.Thread(target=self._run, name="progress", daemon=True)

    def __enter__(self) -> Self:
        self._ticker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._left.set()
        self._ticker.join()
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
                self._write(f"{self._elapsed()} {name} …\n")

    def line(self, text: str, *, source: str = "") -> None:
        """The last line of what runs; shown live, or now and then.

        Each ``source`` of those that run side by side has a last line of its own; an empty text
        takes it away.
        """
        with self._lock:
            self._lines[source] = _printable(text)
            self._show(LIVE_INTERVAL)

    def tick(self) -> None:
        """Time has passed: show that the work goes on, where it is time to."""
        with self._lock:
            self._show(TICK)

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
        clear = CLEAR_LINE if self._live else ""
        self._write(f"{clear}{self._elapsed()} {self._phase} ({seconds:.1f} s)\n")
        self._phase = ""
        self._lines.clear()

    def _run(self) -> None:
        while not self._left.wait(TICK):
            self.tick()

    def _show(self, interval: float) -> None:
        if not self._phase or time.monotonic() - self._last_shown < (
            interval if self._live else HEARTBEAT
        ):
            return
        named = (f"{name}: {text}" if name else text for name, text in self._lines.items() if text)
        shown = f"{self._elapsed()} {self._phase}: {' | '.join(named) or 'at work'}"
        if self._live:
            width = min(LIVE_WIDTH, shutil.get_terminal_size().columns - 1)
            self._write(f"{CLEAR_LINE}{shown[:width]}")
        else:
            self._write(f"{shown}\n")

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
