"""What is seen during long work: a live display on a terminal, plain or JSON lines elsewhere."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Self, TextIO

from rich.console import Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress import BarColumn, DownloadColumn, Task, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Transfers
from rich.text import Text

from builder.errors import BuilderError
from builder.terminal import log
from builder.terminal.log import Level
from builder.terminal.output import STRONG, console_of
from builder.words import one_line, printable

HEARTBEAT = 30.0
"""Seconds of silence after which plain output says where the work is: CI ends what seems dead."""

TICK = 1.0
"""Seconds after which plain output looks whether it has been silent for too long."""

_INDENT = 8  # below the phase, behind the time
_NUMBERS = (DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())


class Progress:
    """Phases with their times, and the last line of what runs.

    Safe to use from several threads. ``timings`` has the seconds of every finished phase. As a
    context manager it also shows that silent work goes on.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._console = console_of(stream or sys.stderr)
        self._json = log.speaks_json()
        on_terminal = self._console.is_terminal and self._console.is_interactive
        self._live = on_terminal and not self._json
        self._lock = threading.Lock()
        self._start = time.monotonic()
        self._phase = ""
        self._phase_start = self._start
        self._last_shown = self._start
        self._timings: dict[str, float] = {}
        self._lines: dict[str, str] = {}
        self._transfers = Transfers(BarColumn(24), *_NUMBERS, get_time=time.monotonic)
        self._display = (
            # Standard output stays what it is: it may be a file, and this console another's.
            Live(self, console=self._console, transient=True, redirect_stdout=False)
            if self._live
            else _repeated(self.tick)
        )

    def __enter__(self) -> Self:
        self._display.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._display.__exit__(kind, error, traceback)
        with self._lock:
            self._end_phase()

    def __rich__(self) -> RenderableType:
        """What a terminal shows beneath all that has been written."""
        if not self._phase:
            return Group()
        told = [Text(text, no_wrap=True, overflow="ellipsis") for text in self._told()]
        heading = Text(f"{self._elapsed()} {self._phase}", STRONG)
        return Group(heading, Padding.indent(Group(*told, self._transfers), _INDENT))

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
                self._write("phase", name, f"{name} …")

    def line(self, text: str, *, source: str = "") -> None:
        """The last line of what runs; shown live, or now and then.

        Each ``source`` of those that run side by side has a last line of its own; an empty text
        takes it away.
        """
        with self._lock:
            # A new mapping each time: the live display reads it without the lock.
            self._lines = {**self._lines, source: one_line(text)}
            self._show()

    def transfer(self, sent: int, size: int) -> None:
        """So many of the phase's bytes have been sent; shown with their rate and the time left."""
        with self._lock:
            if not self._transfers.tasks:
                self._transfers.add_task("", total=size)
            self._transfers.update(self._transfers.task_ids[0], completed=sent)
            self._show()

    def tick(self) -> None:
        """Time has passed: show that the work goes on, where it is time to."""
        with self._lock:
            self._show()

    def event(self, text: str) -> None:
        """Something that is worth a line of its own, or several."""
        with self._lock:
            self._write("note", text)

    def warning(self, text: str) -> None:
        """Something that is not as it should be, and does not end the work."""
        with self._lock:
            self._write("warning", text, f"Warning: {text}", level="warning")

    def error(self, error: BuilderError) -> None:
        """An error that ends a part of the work; the rest goes on."""
        with self._lock:
            if self._json:
                self._print(log.error_line(error))
            else:
                self._write("error", str(error))

    def _end_phase(self) -> None:
        if not self._phase:
            return
        seconds = time.monotonic() - self._phase_start
        self._timings[self._phase] = round(self._timings.get(self._phase, 0.0) + seconds, 1)
        ended, self._phase, self._lines = self._phase, "", {}
        for task in self._transfers.task_ids:
            self._transfers.remove_task(task)
        told = f"{ended} ({seconds:.1f} s)"
        self._write("phase-end", ended, told, seconds=round(seconds, 1))

    def _show(self) -> None:
        """Say where the work is, after a silence; a live display draws itself."""
        if self._live or not self._phase or time.monotonic() - self._last_shown < HEARTBEAT:
            return
        numbers = [
            f"{transfer.percentage:.0f} %, {_numbers(transfer)} left"
            for transfer in self._transfers.tasks
        ]
        told = " | ".join([*self._told(), *numbers]) or "at work"
        self._write("at-work", told, f"{self._phase}: {told}", phase=self._phase)

    def _told(self) -> list[str]:
        return [f"{name}: {text}" if name else text for name, text in self._lines.items() if text]

    def _elapsed(self) -> str:
        minutes, seconds = divmod(int(time.monotonic() - self._start), 60)
        return f"[{minutes:02d}:{seconds:02d}]"

    def _write(
        self, event: str, message: str, text: str = "", *, level: Level = "info", **fields: object
    ) -> None:
        """Say it: the message to programs, to people the text, where that is another one."""
        if self._json:
            self._print(log.json_line(level, event, message, **fields))
        else:
            lines = "\n".join(map(printable, (text or message).splitlines()))
            self._print(f"{self._elapsed()} {lines}")

    def _print(self, text: str) -> None:
        self._console.print(Text(text), soft_wrap=True)
        self._last_shown = time.monotonic()


def _numbers(transfer: Task) -> str:
    return ", ".join(str(column.render(transfer)) for column in _NUMBERS)


@contextlib.contextmanager
def _repeated(act: Callable[[], None]) -> Iterator[None]:
    """Do it every second until the end."""
    left = threading.Event()

    def run() -> None:
        while not left.wait(TICK):
            act()

    thread = threading.Thread(target=run, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        left.set()
        thread.join()
