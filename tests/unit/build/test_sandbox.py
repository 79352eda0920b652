from pathlib import Path

import pytest

from builder.build import sandbox
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


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("unshare failed: Operation not permitted", "CAP_SYS_ADMIN"),
        ("cannot change root filesystem propagation: Invalid argument", "mount --bind DIR DIR"),
    ],
)
def test_root_is_told_what_forbids_it(
    programs: Path, tmp_path: Path, said: str, remedy: str
) -> None:
    add(programs, "unshare", f"echo 'unshare: {said}' >&2; exit 1")
    add(programs, "nsenter", "exit 1")
    with pytest.raises(HostError) as caught:
        Sandbox(tmp_path, in_memory=False).__enter__()
    assert remedy in caught.value.hint


def test_a_host_without_the_programs_is_told_which_package_has_them(
    programs: Path, tmp_path: Path
) -> None:
    with pytest.raises(HostError, match="unshare") as caught:
        Sandbox(tmp_path, in_memory=False).__enter__()
    assert "util-linux" in caught.value.hint


def test_a_namespace_in_which_nothing_starts_is_given_up(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(programs, "unshare", "echo ready; exec /bin/sleep 60")
    add(programs, "nsenter", "exit 1")
    monkeypatch.setattr(sandbox, "START_LIMIT", 0.1)
    started = Sandbox(tmp_path, in_memory=False)
    with pytest.raises(HostError, match="No process appeared in the build's namespace"):
        started.__enter__()
    assert started._holder.returncode == -9  # noqa: SLF001 - it must not stay
