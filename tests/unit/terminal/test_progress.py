import contextlib
import io
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import click
import pytest
from terminals import Terminal, on_terminal

from builder.errors import HostError
from builder.terminal import log, progress
from builder.terminal.progress import Progress

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


class Clock:
    """Time that passes only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


@pytest.fixture(autouse=True)
def kind_of_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")


def drawn(shown: Progress, columns: int = 100) -> list[str]:
    """What a terminal shows beneath all that has been written."""
    return click.unstyle(on_terminal([shown], columns, NO_COLOR="1")).splitlines()  # type: ignore[list-item]


# ---- phases and their times


def test_each_phase_has_its_seconds_in_their_order(clock: Clock) -> None:
    with Progress(io.StringIO()) as shown:
        for name, seconds in (("bootstrap", 40.12), ("convert", 6.0)):
            shown.phase(name)
            clock.now += seconds
    assert list(shown.timings.items()) == [("bootstrap", 40.1), ("convert", 6.0)]


def test_a_phase_that_is_entered_twice_counts_once_with_the_sum(clock: Clock) -> None:
    with Progress(io.StringIO()) as shown:
        for name in ("configure", "prepare", "configure"):
            shown.phase(name)
            clock.now += 5
    assert shown.timings == {"configure": 10.0, "prepare": 5.0}


def test_a_phase_that_is_named_again_goes_on(clock: Clock) -> None:
    stream = io.StringIO()
    with Progress(stream) as shown:
        for _ in range(3):
            shown.phase("bootstrap")
            clock.now += 1
    assert shown.timings == {"bootstrap": 3.0}
    assert stream.getvalue().splitlines() == ["[00:00] bootstrap …", "[00:03] bootstrap (3.0 s)"]


def test_the_last_phase_ends_with_the_work_even_if_that_fails(clock: Clock) -> None:
    shown = Progress(io.StringIO())

    def fail() -> None:
        with shown:
            shown.phase("bootstrap")
            clock.now += 2
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert shown.timings == {"bootstrap": 2.0}


# ---- plain lines


def test_plain_output_says_when_a_phase_begins_what_happens_and_how_long_it_took(
    clock: Clock,
) -> None:
    stream = io.StringIO()
    with Progress(stream) as shown:
        shown.phase("bootstrap")
        clock.now += 61
        shown.phase("convert")
        shown.event("bios: up in 40 s")
    assert stream.getvalue().splitlines() == [
        "[00:00] bootstrap …",
        "[01:01] bootstrap (61.0 s)",
        "[01:01] convert …",
        "[01:01] bios: up in 40 s",
        "[01:01] convert (0.0 s)",
    ]


def test_plain_output_repeats_where_the_work_is_only_now_and_then(clock: Clock) -> None:
    stream = io.StringIO()
    with Progress(stream) as shown:
        shown.phase("bootstrap")
        for number in range(70):
            clock.now += 1
            shown.line(f"package {number}")
    assert stream.getvalue().splitlines() == [
        "[00:00] bootstrap …",
        "[00:30] bootstrap: package 29",
        "[01:00] bootstrap: package 59",
        "[01:10] bootstrap (70.0 s)",
    ]


def test_plain_output_shows_silent_work_now_and_then(clock: Clock) -> None:
    stream = io.StringIO()
    shown = Progress(stream)
    shown.phase("disk")
    for _ in range(70):
        clock.now += 1
        shown.tick()
    assert stream.getvalue().splitlines() == [
        "[00:00] disk …",
        "[00:30] disk: at work",
        "[01:00] disk: at work",
    ]


def test_plain_output_has_no_control_characters(clock: Clock) -> None:
    stream = io.StringIO()
    with Progress(stream) as shown:
        shown.phase("bootstrap")
        clock.now += 100
        shown.line("last")
        shown.event("done")
    assert stream.getvalue().replace("\n", "").isprintable()


# ---- silent work, and work side by side


def test_silent_work_is_shown_without_anybody_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "TICK", 0.01)
    monkeypatch.setattr(progress, "HEARTBEAT", 0.02)
    stream = io.StringIO()
    with Progress(stream) as shown:
        shown.phase("disk")
        deadline = time.monotonic() + 10
        while "at work" not in stream.getvalue() and time.monotonic() < deadline:
            time.sleep(0.01)
    assert "[00:00] disk: at work\n" in stream.getvalue()
    written = stream.getvalue()
    time.sleep(0.05)
    assert stream.getvalue() == written


def test_what_runs_side_by_side_has_a_last_line_each(clock: Clock) -> None:
    shown = Progress(Terminal())
    shown.phase("proof")
    shown.line("starting", source="bios")
    shown.line("starting", source="uefi")
    clock.now += 1
    shown.line("no unit has failed", source="bios")
    assert drawn(shown) == [
        "[00:01] proof",
        "        bios: no unit has failed",
        "        uefi: starting",
    ]
    shown.line("", source="bios")
    assert drawn(shown) == ["[00:01] proof", "        uefi: starting"]


def test_plain_output_has_them_in_one_line(clock: Clock) -> None:
    stream = io.StringIO()
    shown = Progress(stream)
    shown.phase("proof")
    shown.line("starting", source="bios")
    clock.now += 30
    shown.line("starting", source="uefi")
    assert stream.getvalue().endswith("[00:30] proof: bios: starting | uefi: starting\n")


def test_a_line_of_one_phase_is_not_shown_in_the_next(clock: Clock) -> None:
    shown = Progress(Terminal())
    shown.phase("bootstrap")
    shown.line("Unpacking")
    shown.phase("disk")
    assert drawn(shown) == ["[00:00] disk"]


# ---- data on its way


def test_plain_output_tells_how_far_a_transfer_is(clock: Clock) -> None:
    stream = io.StringIO()
    with Progress(stream) as shown:
        shown.phase("cloud: uploading")
        for megabytes in range(0, 400, 10):
            clock.now += 1
            shown.transfer(megabytes * 1_000_000, 400_000_000)
    assert stream.getvalue().splitlines() == [
        "[00:00] cloud: uploading …",
        "[00:30] cloud: uploading: 72 %, 290.0/400.0 MB, 10.0 MB/s, 0:00:11 left",
        "[00:40] cloud: uploading (40.0 s)",
    ]


def test_a_terminal_has_a_bar_for_a_transfer(clock: Clock) -> None:
    shown = Progress(Terminal())
    shown.phase("cloud: uploading")
    for megabytes in (0, 10, 20):
        clock.now += 1
        shown.transfer(megabytes * 1_000_000, 80_000_000)
    first, second = drawn(shown)
    assert first == "[00:03] cloud: uploading"
    assert second.split() == ["━" * 6, "20.0/80.0", "MB", "10.0", "MB/s", "0:00:06"]


def test_a_transfer_ends_with_its_phase(clock: Clock) -> None:
    shown = Progress(Terminal())
    for cloud in ("one", "two"):
        shown.phase(cloud)
        assert drawn(shown) == [f"[00:00] {cloud}"]
        shown.transfer(1, 2)
        assert len(drawn(shown)) == 2


# ---- a terminal


def test_a_terminal_shows_phase_time_and_last_line(clock: Clock) -> None:
    shown = Progress(Terminal())
    shown.phase("bootstrap")
    shown.line("Unpacking zstd\n")
    for seconds in (5, 6):
        clock.now = 1000.0 + seconds
        assert drawn(shown) == [f"[00:0{seconds}] bootstrap", "        Unpacking zstd"]


def test_a_terminal_shows_nothing_before_the_first_phase() -> None:
    assert drawn(Progress(Terminal())) == []


def test_a_terminal_is_not_written_to_for_every_line(clock: Clock) -> None:
    stream = Terminal()
    shown = Progress(stream)
    shown.phase("bootstrap")
    for number in range(1000):
        shown.line(f"line {number}")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("columns", [60, 200])
def test_a_long_line_does_not_wrap(clock: Clock, columns: int) -> None:
    shown = Progress(Terminal())
    shown.phase("bootstrap")
    shown.line("x" * 500)
    assert drawn(shown, columns)[1:] == [f"{' ' * 8}{'x' * (columns - 9)}…"]


def test_foreign_text_is_neither_markup_nor_control(clock: Clock) -> None:
    stream = Terminal()
    shown = Progress(stream)
    shown.phase("bootstrap")
    shown.line("[red]Reading 5%\rReading 10%\x1b[2J\ttab")
    assert drawn(shown)[1:] == ["        [red]Reading 5% Reading 10%\ufffd[2J tab"]
    shown.event("[red]first\x1b[2J\n  second")
    assert stream.getvalue() == "[00:00] [red]first\ufffd[2J\n  second\n"


@pytest.mark.parametrize("error", [None, RuntimeError, KeyboardInterrupt])
def test_on_a_terminal_what_was_is_left_and_the_cursor_is_back(
    error: type[BaseException] | None,
) -> None:
    stream = Terminal()

    def work() -> None:
        with Progress(stream) as shown:
            shown.phase("bootstrap")
            shown.line("Unpacking")
            shown.event("bios: up in 5 s")
            if error is not None:
                raise error

    with contextlib.suppress(RuntimeError, KeyboardInterrupt):
        work()
    told = stream.getvalue()
    assert re.search(r"\[00:0\d\] bios: up in 5 s\n", told)
    assert "        Unpacking" in told
    assert re.search(r"\[00:0\d\] bootstrap \(\d\.\d s\)\n\Z", told)
    assert told.index(HIDE) < told.index(SHOW)
    assert told.count(HIDE) == told.count(SHOW) == 1


def test_standard_output_stays_apart_from_what_a_terminal_shows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stream = Terminal()
    with Progress(stream) as shown:
        shown.phase("bootstrap")
        print("for a program")
    assert capsys.readouterr().out == "for a program\n"
    assert "for a program" not in stream.getvalue()


def test_a_terminal_that_moves_no_cursor_gets_plain_lines(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    with Progress(stream) as shown:
        shown.phase("bootstrap")
    assert stream.getvalue() == "[00:00] bootstrap …\n[00:00] bootstrap (0.0 s)\n"


# ---- several threads


def test_events_of_several_threads_do_not_mix_within_a_line() -> None:
    stream = io.StringIO()
    shown = Progress(stream)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: shown.event(f"event {number:03d} " + "x" * 50), range(200)))
    lines = stream.getvalue().splitlines()
    assert sorted(line.split(" ", 1)[1] for line in lines) == [
        f"event {number:03d} " + "x" * 50 for number in range(200)
    ]


# ---- for programs


@pytest.fixture
def speaks_json() -> Iterator[None]:
    log.choose("json")
    yield
    log.choose("text")


@pytest.mark.usefixtures("speaks_json")
def test_for_collectors_each_event_is_a_line_of_json_even_on_a_terminal(clock: Clock) -> None:
    stream = Terminal()
    with Progress(stream) as shown:
        shown.phase("upload")
        shown.transfer(25, 100)
        shown.line("half\x1b[2J way")
        clock.now += progress.HEARTBEAT
        shown.tick()
        shown.event("made\ntwo")
        shown.warning("it is slow")
        shown.error(HostError("No space.", hint="Make some."))
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["level"], line["event"], line["message"]) for line in lines] == [
        ("info", "phase", "upload"),
        ("info", "at-work", lines[1]["message"]),
        ("info", "note", "made\ntwo"),
        ("warning", "warning", "it is slow"),
        ("error", "error", "No space."),
        ("info", "phase-end", "upload"),
    ]
    assert lines[1]["message"].startswith("half\ufffd[2J way | 25 %, 25/100 bytes")
    assert lines[1]["phase"] == "upload"
    assert (lines[4]["hint"], lines[4]["exit_code"]) == ("Make some.", 3)
    assert lines[5]["seconds"] == progress.HEARTBEAT


def test_for_people_a_warning_says_so_and_an_error_is_told_whole() -> None:
    stream = io.StringIO()
    with Progress(stream) as shown:
        shown.warning("it is slow")
        shown.error(HostError("No space.", hint="Make some."))
    assert stream.getvalue().splitlines() == [
        "[00:00] Warning: it is slow",
        "[00:00] No space.",
        "  Make some.",
    ]
