"""Builds whose output and cache lie on other file systems. Needs root."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from copies import MAIN, PROFILE, Copy, on_file_system

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="a build needs root"),
]

ON_DISK = (
    "from builder.build import requirements; requirements.works_in_memory = lambda: False; " + MAIN
)
"""The program on a machine with little memory, which unpacks the image's tree below the output."""


def build_at(copy: Copy, place: Path, main: str = MAIN) -> list[str | Path]:
    """The command that builds there, cache and all, and checks what it has built."""
    command = copy.command("build", PROFILE, "--output", place / "dist", main=main)
    checks = """
        export GUEST_IMAGE_CACHE="$0/cache"
        "$@" || exit $?
        cd "$0"/dist/*/latest && cat SHA256SUMS &&
        sha256sum --check SHA256SUMS && qemu-img check image.qcow2 &&
        test -z "$(ls -A "$GUEST_IMAGE_CACHE/builds")" && ls "$GUEST_IMAGE_CACHE"/packages/*/*.deb
    """
    return ["sh", "-c", checks, place, *command]


@pytest.mark.whole
def test_builds_on_other_file_systems_are_whole_and_equal(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    disk = tmp_path / "xfs.img"
    subprocess.run(["truncate", "--size=12G", disk], check=True)
    subprocess.run(["mkfs.xfs", "-q", disk], check=True)
    place = tmp_path / "place"
    sums = set()
    for mount, main in (
        ("-t ramfs", MAIN),  # which neither counts its space nor has extended attributes
        (f"-o loop {disk}", ON_DISK),
    ):
        done = copy.run(on_file_system(mount, place, build_at(copy, place, main)))
        assert done.returncode == 0, done.stderr
        assert "image.qcow2: OK" in done.stdout
        assert (copy.processes(), copy.mounts()) == ([], set())
        sums.add(re.findall("^[0-9a-f]{64}(?=  image.qcow2$)", done.stdout, re.MULTILINE)[0])
    assert len(sums) == 1


@pytest.mark.parametrize(
    ("mount", "main", "told"),
    [
        ("-t ramfs", ON_DISK, "Its file system has no capabilities of files"),
        ("-t tmpfs -o size=8G,noexec", ON_DISK, "Its file system has no programs"),
        ("-t tmpfs -o size=8G,ro", MAIN, "Read-only file system"),
    ],
    ids=["ramfs", "noexec", "read-only"],
)
def test_a_file_system_that_cannot_hold_a_build_is_refused(
    mount: str, main: str, told: str, tmp_path: Path
) -> None:
    copy = Copy(tmp_path)
    place = tmp_path / "place"
    command = copy.command("build", PROFILE, "--output", place / "dist", main=main)
    done = copy.run(on_file_system(mount, place, command))
    assert done.returncode == 3, done.stderr
    assert told in done.stderr
    assert "--output" in done.stderr
    assert "bootstrap" not in done.stderr


def test_a_cache_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    for name in ("packages", "builds"):
        (copy.cache / name).mkdir(parents=True, exist_ok=True)
    mount = f"--bind -o ro {copy.cache}"
    done = copy.run(on_file_system(mount, copy.cache, copy.build_command()))
    assert done.returncode == 3, done.stderr
    assert "Could not make the package cache" in done.stderr
    assert "GUEST_IMAGE_CACHE" in done.stderr
