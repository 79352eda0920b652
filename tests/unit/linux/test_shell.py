"""A line's commands are those that it may run, not all that are written in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.linux.shell import commands

LOAD = ("modprobe", "-i", "a")


@pytest.mark.parametrize(
    "line",
    [
        "modprobe -i a",
        "modprobe -i a && { true; } >/dev/null 2>&1",
        "{ true; modprobe -i a; }",
        "(modprobe -i a)",
        "sh -c 'modprobe -i a'",
        "/bin/sh -ec \"exec sh -c 'X=1 modprobe -i a'\"",
        "if test -e /x; then modprobe -i a; fi",
        "test -e /x && modprobe -i a",
        "test -e /x || exit 0; modprobe -i a",
        "if test -e /x; then true; exit 1; fi; modprobe -i a",
        "false || modprobe -i a",
        "false && true || modprobe -i a",
        "echo a#b; modprobe -i a",
        'echo "an open quote; modprobe -i a; modprobe -i a'.replace('"', ""),
    ],
)
def test_a_command_that_may_be_run_is_among_them(line: str) -> None:
    assert LOAD in commands(line)


@pytest.mark.parametrize(
    "line",
    [
        "echo modprobe -i a",
        "echo 'no; modprobe -i a'",
        "sh -c 'echo modprobe -i a'",
        "true # modprobe -i a",
        "exit 0; modprobe -i a",
        "false && modprobe -i a",
        "true || modprobe -i a",
        "/bin/false && /bin/true && modprobe -i a",
    ],
)
def test_a_command_that_is_never_run_is_not(line: str) -> None:
    assert LOAD not in commands(line)


@given(st.text(alphabet="ab ;&|()'\"#{}!$<>\\=", max_size=60))
def test_any_line_is_read(line: str) -> None:
    assert all(command for command in commands(line))
