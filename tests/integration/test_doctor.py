"""The doctor on this host: a file system that is full, mirrors and a cloud that hang."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration

PROGRAM = Path(sys.executable).with_name("guest-image")
LIMIT = 60.0
"""Seconds for the whole command on a busy machine, which takes ten at most on another."""


@contextmanager
def small_tmpfs(directory: Path) -> Generator[Path]:
    """A file system of 64 MiB. Needs root."""
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", directory], check=True)
    try:
        yield directory
    finally:
        subprocess.run(["umount", directory], check=True)


def doctor(*words: str | Path, **environment: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [PROGRAM, "doctor", *words, "--json"],
        capture_output=True, text=True, check=False, timeout=LIMIT,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout)


def lacking(data: dict[str, Any]) -> set[str]:
    return {finding["subject"] for finding in data["findings"] if finding["state"] == "lacking"}


def test_this_host_is_ready_but_for_its_network(tmp_path: Path) -> None:
    """The tests build and prove here."""
    _, data = doctor("pinned-scsi", "--output", tmp_path)
    assert {subject for subject in lacking(data) if not subject.startswith("mirror")} == set()
    subjects = {finding["subject"] for finding in data["findings"]}
    assert {"rights", "accelerator", "programs", "firmware: BIOS", "expected time"} <= subjects


def test_a_file_system_without_room_is_told_wherever_it_is(tmp_path: Path) -> None:
    with small_tmpfs(tmp_path / "small") as small:
        code, data = doctor(
            "base", "--output", small / "dist", GUEST_IMAGE_CACHE=str(small / "cache"),
            TMPDIR=str(small),
        )  # fmt: skip
    assert code == 3
    assert {"space: output", "space: cache", "space: temporary"} <= lacking(data)
    output = next(finding for finding in data["findings"] if finding["subject"] == "space: output")
    assert output["facts"]["free"] <= 64 << 20


def test_mirrors_and_a_cloud_that_hang_are_not_waited_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        profile = tmp_path / "mine.yaml"
        image = "archive: http://deb.example.org/d, security: http://deb.example.org/s"
        profile.write_text(
            f"extends: base\nmirrors: {{archive: '{address}', security: '{address}',"
            f" in_image: {{{image}}}}}\n"
        )
        clouds = tmp_path / "clouds.yaml"
        clouds.write_text(
            f"clouds: {{hung: {{auth: {{auth_url: '{address}/v3', username: me, password: s,"
            " project_name: p}}}"
        )
        code, data = doctor(
            profile, "--output", tmp_path, "--cloud", "hung",
            OS_CLIENT_CONFIG_FILE=str(clouds), no_proxy="127.0.0.1",
        )  # fmt: skip
    assert code == 3
    assert {"mirror: archive", "mirror: security", "cloud: hung"} <= lacking(data)
