"""Every script for guests is used, and what is longer than three lines is one."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.linux import scripts
from builder.linux.scripts import script

HERE = Path(scripts.__file__).parent
NAMES = sorted(path.name for path in HERE.iterdir() if re.fullmatch(r"\w.*[-_.].*\w", path.name))
SOURCES = {path: path.read_text() for path in HERE.parents[1].rglob("*.py")}
SHELL = re.compile(r"^(set -e|done|fi)$", re.MULTILINE)
LONGEST = 3


def scripts_in(source: str) -> Iterator[str]:
    """The texts in a source that are longer than what may stand there, and read like a shell's."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            lines = node.value.strip("\n").splitlines()
            if len(lines) > LONGEST and SHELL.search(node.value):
                yield node.value


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("__")])
def test_a_script_is_used_and_says_what_it_does(name: str) -> None:
    assert any(f'script("{name}")' in source for source in SOURCES.values())
    first, second = script(name).splitlines()[:2]
    assert first.startswith('"""') or (first == "#!/bin/sh" and second.startswith("# "))


def test_no_longer_script_stands_in_a_text_of_python() -> None:
    assert [path.name for path, source in SOURCES.items() if any(scripts_in(source))] == []


def test_a_longer_script_would_be_seen() -> None:
    assert [*scripts_in('X = """\nset -e\nfor x in 1\ndo true\ndone\n"""')] != []
