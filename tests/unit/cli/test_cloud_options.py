"""What the verbs of clouds print, and their exit code."""

import json

import pytest
from terminals import Terminal

from builder.cli.cloud_options import Answer, conclude

ANSWERS = [
    Answer(["prod:", "  ~ os_hidden: true -> false", "  + a=b", "  - c=d"], {"cloud": "prod"}),
    Answer([], {"cloud": "lab"}, 5),
    Answer(["test: [red]\x1b[2J"], {"cloud": "test"}, 1),
]


def test_people_get_every_clouds_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert conclude(ANSWERS, as_json=False) == 5
    assert capsys.readouterr().out.splitlines() == [
        "prod:",
        "  ~ os_hidden: true -> false",
        "  + a=b",
        "  - c=d",
        "test: [red]\ufffd[2J",
    ]


def test_programs_get_the_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert conclude(ANSWERS, as_json=True) == 5
    assert [row["cloud"] for row in json.loads(capsys.readouterr().out)] == ["prod", "lab", "test"]


def test_without_a_fault_the_exit_code_is_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert conclude(ANSWERS[:1], as_json=False) == 0
    assert capsys.readouterr().err == ""


def test_on_a_terminal_a_difference_has_a_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    monkeypatch.setattr("sys.stdout", stream)
    conclude(ANSWERS[:1], as_json=False)
    assert stream.getvalue().splitlines() == [
        "prod:",
        "\x1b[33m  ~ os_hidden: true -> false\x1b[0m",
        "\x1b[32m  + a=b\x1b[0m",
        "\x1b[31m  - c=d\x1b[0m",
    ]
