"""The linters are tests, so that nobody can forget them; shellcheck: elements/test_hooks.py."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent

LINTERS = (
    ("ruff", "check", "--no-cache"),
    ("ruff", "format", "--check", "--no-cache"),
    ("mypy",),
    ("lint-imports", "--no-cache"),
)


@pytest.mark.parametrize("words", LINTERS, ids=" ".join)
def test_a_linter_is_content(words: tuple[str, ...]) -> None:
    program, *arguments = words
    done = subprocess.run(
        [PROGRAMS / program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
