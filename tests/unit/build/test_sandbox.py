from pathlib import Path

import pytest

from builder.build.sandbox import Sandbox
from builder.errors import HostError


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with only the programs that a test puts there."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    return directory


def add(directory: Path, name: str, script: str) -> None:
    (directory / name).write_text(f"#!/bin/sh\n{script}\n")
    (directory / name).chmod(0o755)


def test_a_host_that_gives_no_namespaces_is_named_with_the_reason(
    programs: Path, tmp_path: Path
) -> None:
    add(programs, "unshare", "echo 'unshare: unshare failed: Operation not permitted' >&2; exit 1")
    add(programs, "nsenter", "exit 1")
    with pytest.raises(HostError, match="private mount and process namespace") as caught:
        Sandbox(tmp_path, in_memory=False).__enter__()
    assert caught.value.details == ("unshare: unshare failed: Operation not permitted",)
    assert "root" in caught.value.hint


def test_a_host_without_the_programs_is_told_which_package_has_them(
    programs: Path, tmp_path: Path
) -> None:
    with pytest.raises(HostError, match="unshare") as caught:
        Sandbox(tmp_path, in_memory=False).__enter__()
    assert "util-linux" in caught.value.hint
