"""Whether a build is due, asked of what lies, sleeps, is broken, or is not there."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from apt_archive import RELEASE, AptArchive, Key
from due_machine import AT_FIRST, NOW, Machine
from webserver import WebServer

from builder.distribution import DISTRIBUTIONS

pytestmark = [pytest.mark.integration, pytest.mark.program("apt-get", "gpg")]


# ---- an archive that does not answer, or not truly


def test_a_mirror_that_is_down_leaves_it_unknown(machine: Machine, server: WebServer) -> None:
    machine.build()
    assert machine.due().status == 10
    server.shutdown()
    server.server_close()
    assert "Could not fetch the package indexes of debian-12." in machine.unknown()
    machine.write_profile({"packages": ["tmux"]})
    answer = machine.due()
    assert (answer.status, answer.data["due"]) == (0, True)
    assert [unknown["subject"] for unknown in answer.data["unknown"]] == ["packages"]


def test_an_archive_of_another_key_is_not_believed(
    machine: Machine, archive: AptArchive, tmp_path: Path
) -> None:
    machine.build()
    machine.due()
    other = Key(tmp_path / "other")
    archive.write(RELEASE, AT_FIRST, key=other)
    other.end()
    assert "Could not fetch" in machine.unknown()


@pytest.mark.parametrize(
    ("date", "reason"),
    [
        pytest.param(NOW - timedelta(days=30), "expired", id="expired"),
        pytest.param(NOW + timedelta(days=2), "not valid yet", id="not valid yet"),
    ],
)
def test_an_archive_of_another_time_is_not_believed(
    machine: Machine, archive: AptArchive, date: datetime, reason: str
) -> None:
    machine.build()
    archive.write(RELEASE, AT_FIRST, date=date)
    assert reason in machine.unknown()


def test_indexes_of_another_suite_are_not_believed(machine: Machine, archive: AptArchive) -> None:
    machine.build()
    archive.write(RELEASE, AT_FIRST, codename="trixie")
    told = machine.unknown()
    assert f"does not have the suite {RELEASE}" in told
    assert "of the suite trixie" in told


def test_an_index_that_is_not_the_signed_one_is_not_believed(
    machine: Machine, archive: AptArchive
) -> None:
    machine.build()
    index = archive.root / "dists" / RELEASE / "main/binary-amd64/Packages"
    index.write_text(index.read_text().replace("2.36-9", "2.36-8"))
    assert "Could not fetch" in machine.unknown()


def test_an_archive_without_the_component_leaves_it_unknown(
    machine: Machine, archive: AptArchive
) -> None:
    machine.build()
    archive.write(RELEASE, AT_FIRST, component="universe")
    assert "main/binary-amd64/Packages of bookworm is not there" in machine.unknown()


def test_a_cloud_that_is_down_leaves_it_unknown(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine.build()
    login = {"username": "builder", "password": "pa55word-of-the-cloud", "project_name": "images"}
    auth = {"auth_url": "http://127.0.0.1:9/v3", "user_domain_name": "Default", **login}
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text(json.dumps({"clouds": {"prod": {"auth": auth}}}))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds))
    answer = machine.due("--cloud", "prod")
    assert (answer.status, answer.data["due"]) == (5, None)
    assert [unknown["subject"] for unknown in answer.data["unknown"]] == ["cloud prod"]
    assert "pa55word" not in answer.out + answer.err
    machine.write_profile({"packages": ["tmux"]})
    assert machine.due("--cloud", "prod").status == 0
    answer = machine.due("--cloud", "pord")
    assert (answer.status, answer.out) == (2, "")
    assert "No cloud is called 'pord'" in answer.err


# ---- the cache


@pytest.mark.parametrize(
    "pattern",
    [f"*_dists_{RELEASE}_main_binary-amd64_Packages", "answer-night.json", f"*{RELEASE}_InRelease"],
)
def test_what_was_half_written_is_fetched_or_asked_anew(machine: Machine, pattern: str) -> None:
    machine.build()
    machine.due()
    file = machine.kept(pattern)
    file.write_bytes(file.read_bytes()[:40])
    if "answer" not in pattern:
        machine.kept("answer-night.json").unlink()
    assert machine.due().status == 10


def test_a_cache_that_cannot_be_written_is_told(machine: Machine) -> None:
    machine.build()
    machine.cache.write_text("a file")
    assert "where package indexes are kept" in machine.unknown()


def test_a_keyring_that_is_missing_is_told(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    distribution = replace(DISTRIBUTIONS["debian-12"], keyring="/nowhere/keys.gpg")
    monkeypatch.setitem(DISTRIBUTIONS, "debian-12", distribution)
    machine.build()
    assert "The keyring /nowhere/keys.gpg" in machine.unknown()


def test_nothing_but_the_cache_is_written(machine: Machine) -> None:
    machine.build()
    before = {path: path.lstat().st_mtime_ns for path in machine.dist.rglob("*")}
    machine.due()
    assert {path: path.lstat().st_mtime_ns for path in machine.dist.rglob("*")} == before


def test_indexes_that_nobody_asks_any_more_are_removed(machine: Machine) -> None:
    old = machine.cache / "indexes" / "debian-11-00000000"
    old.mkdir(parents=True)
    os.utime(old, (0, 0))
    machine.build()
    machine.due()
    assert not old.exists()


# ---- secrets


def test_a_proxys_login_is_never_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.build()
    monkeypatch.setenv("http_proxy", "http://builder:pa55word-of-the-proxy@127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    answer = machine.due()
    assert answer.status == 3
    assert "pa55word" not in answer.out + answer.err
    written = [path for path in machine.cache.rglob("*") if path.is_file()]
    assert written
    assert not any(b"pa55word" in path.read_bytes() for path in written)


def test_a_mirrors_login_is_refused_and_never_told(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.build()
    machine.profile.write_text('{"extends": "base"}')
    for name in ("DIB_DISTRIBUTION_MIRROR", "DIB_DEBIAN_SECURITY_MIRROR"):
        monkeypatch.setenv(name, "http://builder:pa55word-of-the-mirror@mirror.example.org/debian")
    answer = machine.due()
    assert answer.status == 2
    assert "pa55word" not in answer.out + answer.err


# ---- several processes

AS_COMMAND = """
import sys
from dataclasses import replace
from builder.cli.program import main
from builder.distribution import DISTRIBUTIONS

DISTRIBUTIONS["debian-12"] = replace(DISTRIBUTIONS["debian-12"], keyring=sys.argv[1])
main(sys.argv[2:])
"""


def started(machine: Machine, key: Key, *before: str) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    words = ["due", machine.profile, "--output", machine.dist, "--json"]
    return subprocess.Popen(
        [*before, sys.executable, "-c", AS_COMMAND, key.keyring, *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=machine.dist,
    )  # fmt: skip


def apts(machine: Machine) -> list[int]:
    """The processes that work with the machine's cache."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if f"APT_CONFIG={machine.cache}/".encode() in environment:
            found.append(int(process.name))
    return found


def test_two_runs_at_once_wait_for_each_other(machine: Machine, key: Key) -> None:
    machine.build()
    runs = [started(machine, key) for _ in range(3)]
    ended = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [10, 10, 10], ended


def test_the_next_run_completes_what_a_killed_one_began(
    machine: Machine, key: Key, archive: AptArchive
) -> None:
    machine.build()
    archive.answers.clear()
    run = started(machine, key)
    deadline = time.monotonic() + 60
    while not archive.asked and time.monotonic() < deadline:
        time.sleep(0.05)
    assert apts(machine)
    run.send_signal(signal.SIGKILL)
    run.communicate(timeout=30)
    archive.answers.set()
    while apts(machine) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert apts(machine) == []
    assert machine.due().status == 10


def made_by_pytest(directory: Path) -> Iterator[Path]:
    """The directory and those above it in which pytest lets nobody else look."""
    for path in (directory, *directory.parents):
        if path == Path(tempfile.gettempdir()):
            return
        yield path


@pytest.mark.skipif(os.geteuid() != 0, reason="as somebody else only root can run it")
def test_neither_root_nor_a_writable_checkout_is_needed(
    machine: Machine, key: Key, tmp_path: Path
) -> None:
    machine.build()
    nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
    readable = [*nobody, "test", "-r", str(Path(__file__))]
    for directory in {*made_by_pytest(tmp_path), *made_by_pytest(key.home)}:
        directory.chmod(0o711)
    tmp_path.chmod(0o755)
    key.keyring.chmod(0o644)
    if subprocess.run(readable, check=False).returncode != 0:
        pytest.skip("this checkout lies where nobody else may read")
    machine.cache.mkdir()
    os.chown(machine.cache, 65534, 65534)
    run = started(machine, key, *nobody)
    said = run.communicate(timeout=120)
    assert run.returncode == 10, said
