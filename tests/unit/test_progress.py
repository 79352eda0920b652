import io
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from builder import progress
from builder.progress import CLEAR_LINE, Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


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


def shown_at_last(stream: Terminal) -> str:
    """The terminal's last line, after all that was cleared."""
    return stream.getvalue().split("\n")[-1].split(CLEAR_LINE)[-1]


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
    stream = Terminal()
    shown = Progress(stream)
    shown.phase("proof")
    shown.line("starting", source="bios")
    shown.line("starting", source="uefi")
    clock.now += 1
    shown.line("no unit has failed", source="bios")
    assert shown_at_last(stream) == "[00:01] proof: bios: no unit has failed | uefi: starting"
    clock.now += 1
    shown.line("", source="bios")
    assert shown_at_last(stream) == "[00:02] proof: uefi: starting"


def test_a_line_of_one_phase_is_not_shown_in_the_next(clock: Clock) -> None:
    stream = Terminal()
    shown = Progress(stream)
    shown.phase("bootstrap")
    shown.line("Unpacking")
    shown.phase("disk")
    clock.now += 1
    shown.tick()
    assert shown_at_last(stream) == "[00:01] disk: at work"


# ---- a terminal


def test_on_a_terminal_the_time_of_silent_work_moves_on(clock: Clock) -> None:
    stream = Terminal()
    shown = Progress(stream)
    shown.phase("bootstrap")
    clock.now += 5
    shown.line("Unpacking zstd")
    clock.now += 0.5
    shown.tick()
    assert shown_at_last(stream) == "[00:05] bootstrap: Unpacking zstd"
    clock.now += 1
    shown.tick()
    assert shown_at_last(stream) == "[00:06] bootstrap: Unpacking zstd"


def test_a_terminal_shows_phase_time_and_last_line(clock: Clock) -> None:
    stream = Terminal()
    shown = Progress(stream)
    shown.phase("bootstrap")
    clock.now += 5
    shown.line("Unpacking zstd\n")
    assert shown_at_last(stream) == "[00:05] bootstrap: Unpacking zstd"


def test_a_terminal_is_not_written_to_for_every_line(clock: Clock) -> None:
    stream = Terminal()
    shown = Progress(stream)
    shown.phase("bootstrap")
    for number in range(1000):
        clock.now += 0.001
        shown.line(f"line {number}")
    assert 1 <= stream.getvalue().count(CLEAR_LINE) <= 11


def test_a_long_line_does_not_wrap_on_a_wide_terminal(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    stream = Terminal()
    shown = Progress(stream)
    shown.phase("bootstrap")
    clock.now += 5
    shown.line("x" * 500)
    assert len(shown_at_last(stream)) == 100


def test_a_long_line_does_not_wrap_on_a_narrow_terminal(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    stream = Terminal()
    shown = Progress(stream)
    shown.phase("bootstrap")
    clock.now += 5
    shown.line("x" * 500)
    assert len(shown_at_last(stream)) <= 60


def test_control_characters_of_a_program_do_not_reach_the_terminal(clock: Clock) -> None:
    stream = Terminal()
    shown = Progress(stream)
    shown.phase("bootstrap")
    clock.now += 5
    shown.line("Reading 5%\rReading 10%\x1b[2J\ttab")
    assert shown_at_last(stream).isprintable()


def test_on_a_terminal_a_finished_phase_keeps_a_line_with_its_seconds(clock: Clock) -> None:
    stream = Terminal()
    with Progress(stream) as shown:
        shown.phase("bootstrap")
        clock.now += 5
        shown.line("Unpacking")
        clock.now += 1
    assert stream.getvalue().endswith(f"{CLEAR_LINE}[00:06] bootstrap (6.0 s)\n")


def test_on_a_terminal_an_event_takes_the_live_line_s_place(clock: Clock) -> None:
    stream = Terminal()
    shown = Progress(stream)
    shown.phase("proof")
    clock.now += 5
    shown.line("waiting")
    shown.event("bios: up in 5 s")
    assert stream.getvalue().endswith(f"{CLEAR_LINE}[00:05] bios: up in 5 s\n")


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
