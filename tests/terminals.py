"""What people read, as it is on a terminal and elsewhere."""

import io
import os
from collections.abc import Iterable
from unittest import mock

from builder.terminal.output import Part, rendered


class Terminal(io.StringIO):
    """A stream that says it is a terminal, and keeps what is written."""

    def isatty(self) -> bool:
        return True


def plain(parts: Iterable[Part]) -> str:
    """The parts as a file or a pipe gets them."""
    return rendered(parts, io.StringIO())


def on_terminal(parts: Iterable[Part], columns: int = 100, **environment: str) -> str:
    """The parts as a terminal with colours gets them."""
    usual = {"TERM": "xterm", "COLUMNS": str(columns), "PATH": os.environ["PATH"]}
    with mock.patch.dict(os.environ, usual | environment, clear=True):
        return rendered(parts, Terminal())
