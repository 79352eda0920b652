"""A line for each of many things: a live table, or plain or JSON lines."""

import io
import json

import pytest

from builder.errors import BuilderError
from builder.terminal import board, log
from builder.terminal.board import Board
from builder.terminal.output import console_of


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_is_noted_is_a_plain_line_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    with Board(["a", "b"], stream) as seen:
        seen.row("a", "build: packages")
        seen.note("a", "build done\x1b[31m")
        seen.error(BuilderError("The scheduler is gone."))
    assert stream.getvalue() == "[00:00] a: build done�[31m\n[00:00] The scheduler is gone.\n"


def test_what_concerns_no_row_is_a_line_too() -> None:
    stream = io.StringIO()
    with Board(["a"], stream) as seen:
        seen.caption("dashboard: http://127.0.0.1:8787/status")
    assert stream.getvalue() == "[00:00] dashboard: http://127.0.0.1:8787/status\n"


def test_after_a_silence_it_says_what_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    with Board(["a", "b", "c"], stream) as seen:
        seen.row("a", "build: packages")
        seen.row("b", "proof: uefi")
        seen.tick()
        assert stream.getvalue() == ""
        monkeypatch.setattr(board, "HEARTBEAT", 0.0)
        seen.tick()
    assert stream.getvalue() == "[00:00] a: build: packages; b: proof: uefi\n"


def test_programs_get_json_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "speaks_json", lambda: True)
    stream = Terminal()
    with Board(["a"], stream) as seen:
        seen.note("a", "build failed", level="error", step="a/build")
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"], line["step"]) == ("step", "error", "a/build")


def test_on_a_terminal_each_row_has_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with Board(["a", "b"], stream) as seen:
        seen.row("a", "build: packages")
        seen.row("b", "proof:\nuefi")
        seen.caption("dashboard:\nhttp://build-1:8787/status")
        shown = io.StringIO()
        console_of(shown).print(seen)
    lines = [" ".join(text.split()) for text in shown.getvalue().splitlines()]
    assert lines == [
        "a build: packages", "b proof: uefi", "dashboard: http://build-1:8787/status"
    ]  # fmt: skip
    assert "build: packages" in stream.getvalue()
