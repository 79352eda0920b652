"""Lines of JSON, and how the format is chosen."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import CloudError
from builder.terminal.log import error_line, json_line, named_format


@pytest.mark.parametrize(
    ("words", "variable", "expected"),
    [
        ("plan base", "", "text"),
        ("plan base --log-format json", "", "json"),
        ("--log-format=json plan base", "", "json"),
        ("plan base --log-format text", "json", "text"),
        ("plan base", "json", "json"),
        ("plan base", "xml", "text"),
        ("plan --log-format json -- base", "", "json"),
        ("plan -- --log-format json", "", "text"),
        ("plan --log-format", "", "text"),
        ("plan --log-format json --log-format text", "", "text"),
    ],
)
def test_the_command_line_names_the_format_and_else_the_environment(
    words: str, variable: str, expected: str
) -> None:
    assert named_format(words.split(), variable) == expected


@given(st.text(), st.text())
def test_a_line_is_one_line_of_ascii_whatever_is_said(message: str, other: str) -> None:
    line = json_line("info", "note", message, other=other)
    assert line.isascii()
    assert line.isprintable()
    data = json.loads(line)
    assert len(data["message"]) == len(message)


def test_a_line_has_the_time_and_no_field_that_is_empty() -> None:
    before = datetime.now(UTC)
    data = json.loads(json_line("warning", "note", "x", hint="", details=[], seconds=0.0))
    assert data.keys() == {"time", "level", "event", "message", "seconds"}
    assert abs((datetime.fromisoformat(data["time"]) - before).total_seconds()) < 5


def test_an_error_has_its_hint_and_its_exit_code() -> None:
    data = json.loads(error_line(CloudError("No.", details=["Why."], hint="Do.", status=404)))
    del data["time"]
    assert data == {
        "level": "error",
        "event": "error",
        "message": "No.",
        "details": ["Why."],
        "hint": "Do.",
        "exit_code": 5,
    }
