"""Tables and lines, on a terminal and elsewhere."""

from collections.abc import Callable

import pytest
from terminals import on_terminal, plain

from builder.terminal.output import BAD, GOOD, Part, items, line, prose, section, show, table

HOSTILE = "[red]x[/red] \x1b[2J\x07\r:smile: \u202e \ud800"
UUID = "8d2f0d3e-0000-4000-8000-000000000000"
ROWS = [("hw_disk_bus=scsi", "word " * 20), ("short", "b")]


def test_columns_are_aligned_two_spaces_apart_below_their_heading() -> None:
    shown = plain(table([("a", "bbb", "c"), ("aaaa", "b", "cc")], heading=("x", "y", "z")))
    assert shown.splitlines() == ["  x     y    z", "  a     bbb  c", "  aaaa  b    cc"]


@pytest.mark.parametrize(("level", "indent"), [(0, ""), (1, "  "), (2, "    ")])
def test_a_table_is_indented_by_its_level(level: int, indent: str) -> None:
    assert plain(table([("a", "b")], level=level)) == f"{indent}a  b\n"
    with_heading = plain(table([("a", "b")], heading=("x", "y"), level=level))
    assert with_heading == f"{indent}x  y\n{indent}a  b\n"


def test_wide_characters_keep_their_room() -> None:
    assert plain(table([("漢字", "x"), ("abc", "y")], level=0)).splitlines() == [
        "漢字  x",
        "abc   y",
    ]


def test_where_no_terminal_is_a_row_is_one_line_without_colours() -> None:
    rows = [(line("passed", GOOD), "word " * 1000)]
    assert plain(table(rows)).splitlines() == [f"  passed  {('word ' * 1000).rstrip()}"]


def test_a_terminal_decides_not_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"FORCE_COLOR": "1", "COLUMNS": "20", "TTY_COMPATIBLE": "1"}.items():
        monkeypatch.setenv(name, value)
    assert plain([*table(ROWS), line("x", BAD)]).count("\n") == 3
    assert "\x1b" not in plain([line("x", BAD)])


def test_on_a_terminal_only_the_last_column_is_wrapped() -> None:
    shown = on_terminal(table(ROWS), columns=50).splitlines()
    assert all(len(line) <= 50 for line in shown)
    assert shown[0].startswith("  hw_disk_bus=scsi  word word")
    assert shown[1].startswith(" " * 20 + "word")
    assert shown[-1] == "  short             b"


@pytest.mark.parametrize("columns", [10, 40, 60])
def test_no_id_is_broken_or_cut_on_a_narrow_terminal(columns: int) -> None:
    row = ("pinned-scsi", "20260102T030405Z-3f9c2a", "active", "300 MiB", UUID)
    assert on_terminal(table([row]), columns) == f"  {'  '.join(row)}\n"


def test_a_word_without_end_is_shown_in_parts() -> None:
    shown = on_terminal(table([("a", "x" * 300)]), columns=60)
    assert shown.count("x") == 300
    assert all(len(line) <= 60 for line in shown.splitlines())


def test_a_line_is_not_wrapped_on_a_terminal_so_that_it_can_be_copied() -> None:
    command = "disk-image-create " + "element " * 30 + "last"
    assert on_terminal(items([command]), columns=40) == f"  {command}\n"


def test_prose_is_wrapped_on_a_terminal_and_only_there() -> None:
    text = "word " * 20 + "last"
    assert plain(prose(text)) == f"{text}\n"
    assert on_terminal(prose(text), columns=40).split("\n")[:2] == [("word " * 8).rstrip()] * 2


def test_colours_are_for_terminals_and_not_for_those_who_want_none() -> None:
    parts = [line("x", BAD)]
    assert on_terminal(parts) == "\x1b[31mx\x1b[0m\n"
    assert on_terminal(parts, NO_COLOR="1") == "x\n"
    assert on_terminal(parts, TERM="dumb") == "x\n"


@pytest.mark.parametrize("shown", [plain, on_terminal])
def test_foreign_text_is_neither_markup_nor_control(shown: Callable[[list[Part]], str]) -> None:
    for parts in (
        [line(HOSTILE)],
        prose(HOSTILE),
        items([HOSTILE]),
        table([(HOSTILE, HOSTILE)], level=0),
    ):
        text = shown(parts)
        assert "[red]x[/red]" in text
        assert ":smile:" in text
        assert text.endswith("\n")
        assert text.count("\n") == 1
        assert text[:-1].isprintable()


def test_the_lines_of_a_cell_become_one() -> None:
    assert plain(table([("a", "one\ntwo\tthree")], level=0)) == "a  one two three\n"


def test_a_section_stands_apart_below_its_heading() -> None:
    assert plain(section("limits", items(["a", "b"]))) == "\nlimits\n  a\n  b\n"
    assert plain(section("", [line("a")])) == "\na\n"


def test_without_content_there_is_no_section_and_no_table() -> None:
    assert table([], heading=("a", "b")) == []
    assert section("limits", table([])) == []


def test_nothing_is_printed_where_there_is_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show([])
    assert capsys.readouterr().out == ""
    show([line("a"), line("b")])
    assert capsys.readouterr().out == "a\nb\n"
