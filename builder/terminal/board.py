"""A line for each of many things that go on side by side: a live table, or plain or JSON lines."""

import sys
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self, TextIO

from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from builder.errors import BuilderError
from builder.terminal import log
from builder.terminal.log import Level
from builder.terminal.output import console_of
from builder.words import one_line, printable_lines

HEARTBEAT = 60.0
"""Seconds of silence after which plain lines say what goes on: CI ends what seems dead."""


class Board:
    """What each row does by now. Safe to use from several threads.

    On a terminal it is a table that changes in its place; elsewhere what is noted is a line, and
    after a silence what the rows do.
    """

    def __init__(self, rows: Sequence[str], stream: TextIO | None = None) -> None:
        self._console = console_of(stream or sys.stderr)
        self._json = log.speaks_json()
        self._on_terminal = (
            self._console.is_terminal and self._console.is_interactive and not self._json
        )
        self._rows = dict.fromkeys(rows, ("", ""))
        self._caption = ""
        self._lock = threading.Lock()
        self._start = self._last = time.monotonic()
        self._live = Live(self, console=self._console, transient=True, redirect_stdout=False)

    def __enter__(self) -> Self:
        if self._on_terminal:
            self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._on_terminal:
            self._live.__exit__(kind, error, traceback)

    def __rich__(self) -> RenderableType:
        """What a terminal shows beneath all that has been written."""
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        for name, (text, style) in self._rows.items():
            table.add_row(Text(name), Text(text, style, no_wrap=True, overflow="ellipsis"))
        return Group(table, Text(self._caption)) if self._caption else table

    def caption(self, text: str) -> None:
        """What concerns no row: it stands beneath the table, or is a line elsewhere."""
        with self._lock:
            self._caption = one_line(text)
            if not self._on_terminal:
                self._write("note", text)

    def row(self, name: str, text: str, style: str = "") -> None:
        """What a row does by now; seen where there is a table, and after a silence."""
        with self._lock:
            # A new mapping each time: the live table reads it without the lock.
            self._rows = {**self._rows, name: (one_line(text), style)}

    def note(self, name: str, text: str, *, level: Level = "info", **fields: object) -> None:
        """Something of a row that stays: a line of its own."""
        with self._lock:
            self._write("step", f"{name}: {text}", level=level, **fields)

    def error(self, error: BuilderError) -> None:
        """An error that concerns no row alone."""
        with self._lock:
            self._write("error", str(error), level="error")

    def tick(self) -> None:
        """Time has passed: say what goes on, where nothing was said for long."""
        with self._lock:
            if self._on_terminal or time.monotonic() - self._last < HEARTBEAT:
                return
            told = [f"{name}: {text}" for name, (text, _) in self._rows.items() if text]
            self._write("at-work", "; ".join(told) or "at work")

    def _write(self, event: str, message: str, *, level: Level = "info", **fields: object) -> None:
        if self._json:
            text = log.json_line(level, event, message, **fields)
        else:
            minutes, seconds = divmod(int(time.monotonic() - self._start), 60)
            text = f"[{minutes:02d}:{seconds:02d}] {printable_lines(message)}"
        self._console.print(Text(text), soft_wrap=True)
        self._last = time.monotonic()
