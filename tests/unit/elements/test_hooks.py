"""The scripts of elements keep diskimage-builder's conventions, ours, and shellcheck's."""

import os
import re
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest
from element_files import ELEMENTS, NAMES, OURS, THEIRS, name

SCRIPTS = sorted(path for path in OURS.glob("*/*.d/*") if path.is_file())
GUEST_SCRIPTS = sorted((OURS.parent / "builder" / "linux" / "scripts").glob("*.sh"))
HOOKS = [path for path in SCRIPTS if path.parent.name != "environment.d"]


def test_there_are_elements_and_scripts() -> None:
    assert len(ELEMENTS) > 5
    assert len(SCRIPTS) > len(ELEMENTS)


@pytest.mark.program("shellcheck")
def test_every_script_passes_shellcheck() -> None:
    subprocess.run(["shellcheck", "--version"], capture_output=True, check=True)
    checked = subprocess.run(
        ["shellcheck", "--shell=bash", "--severity=style", *SCRIPTS, *GUEST_SCRIPTS],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("hook", HOOKS, ids=name)
def test_a_hook_is_executable_and_named_after_its_element(hook: Path) -> None:
    # diskimage-builder passes over a hook that is not executable, or whose name has a dot.
    assert os.access(hook, os.X_OK)
    assert re.fullmatch(rf"\d\d-{re.escape(hook.parent.parent.name)}", hook.name)


@pytest.mark.parametrize("hook", HOOKS, ids=name)
def test_a_hook_stops_at_the_first_error_and_can_be_traced(hook: Path) -> None:
    lines = hook.read_text().splitlines()
    assert lines[0] == "#!/bin/bash"
    assert "set -eu" in lines
    assert "set -o pipefail" in lines
    assert 'if [ "${DIB_DEBUG_TRACE:-0}" -gt 0 ]; then' in lines


@pytest.mark.parametrize("script", [path for path in SCRIPTS if path not in HOOKS], ids=name)
def test_an_environment_file_is_sourced_and_named_after_its_element(script: Path) -> None:
    assert re.fullmatch(rf"\d\d-{re.escape(script.parent.parent.name)}\.bash", script.name)
    assert not os.access(script, os.X_OK)


def test_no_hook_overwrites_another_of_ours_or_of_diskimage_builder_s() -> None:
    """All hooks of one directory are copied together; of one name, only the last survives."""
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for elements in (OURS, THEIRS):
        for path in elements.glob("*/*.d/*"):
            owners[f"{path.parent.name}/{path.name}"].add(path.parent.parent.name)
    clashes = {hook: names for hook, names in owners.items() if len(names) > 1 and names & NAMES}
    assert clashes == {}
