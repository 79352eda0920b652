"""What takes other programs' places for diskimage-builder."""

import os
import subprocess
from pathlib import Path

import pytest

from builder.build.dib_environment import AS_ROOT


def started(*words: str, **variables: str) -> str:
    """What the program that is started prints."""
    path = f"{variables.pop('first', '')}:{os.defpath}"
    return subprocess.run(
        [AS_ROOT / "sudo", *words],
        env={"PATH": path, **variables}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


@pytest.mark.parametrize(
    "options", [(), ("-E",), ("-n", "-H"), ("-u", "root"), ("--user", "root", "--"), ("--",)]
)
def test_options_are_left_out(options: tuple[str, ...]) -> None:
    assert started(*options, "echo", "-n", "a  b") == "a  b"


def test_variables_before_the_program_are_set_and_the_caller_s_stay() -> None:
    told = started("ONE=1  x", "sh", "-c", 'echo "$ONE $TWO"', TWO="2")
    assert told == "1  x 2\n"


def test_its_exit_code_is_the_program_s() -> None:
    done = subprocess.run([AS_ROOT / "sudo", "-E", "sh", "-c", "exit 7"], check=False)
    assert done.returncode == 7


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("mount -o ro -t sysfs none /tree/sys", "-t tmpfs -o ro,size=4k,mode=555 none /tree/sys"),
        ("mount -t proc none /tree/proc", "-t proc none /tree/proc"),
        ("mount --bind /dev /tree/dev", "--rbind /dev /tree/dev"),
        ("mount --bind /dev/shm /tree/shm", "--bind /dev/shm /tree/shm"),
        ("umount -fl /tree/dev", "-l /tree/dev"),
    ],
)
def test_what_a_user_namespace_does_not_let_is_done_in_another_way(
    words: str, told: str, tmp_path: Path
) -> None:
    for program in ("mount", "umount"):
        (tmp_path / program).write_text('#!/bin/sh\necho "$@"\n')
        (tmp_path / program).chmod(0o755)
    assert started(*words.split(), first=str(tmp_path)) == f"{told}\n"


def test_only_the_second_at_diskimage_builder_s_end_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "sleep").write_text('#!/bin/sh\necho "slept $*"\n')
    (tmp_path / "sleep").chmod(0o755)
    script = tmp_path / "disk-image-create"
    script.write_text("sleep 1\nsleep 2\nsh -c 'sleep 1; true'\n")
    path = f"{AS_ROOT}:{tmp_path}:{os.defpath}"
    words = ["bash", script, "debian"]
    done = subprocess.run(words, env={"PATH": path}, capture_output=True, text=True, check=True)
    assert done.stdout == "slept 2\nslept 1\n"
