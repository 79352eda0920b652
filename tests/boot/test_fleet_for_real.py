"""A fleet builds and proves a real image: on this machine, and by a worker that is another one.

In ``make test`` the fleets whose verbs are fakes stand for it.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from processes import processes_with
from waiting import wait_until

from builder.host.files import sha256_of
from builder.store import manifest
from builder.store.manifest import Manifest
from builder.store.verdict import verdict_of

pytestmark = [
    pytest.mark.boot,
    pytest.mark.whole,
    pytest.mark.skipif(os.geteuid() != 0, reason="root builds everywhere"),
]

LIMIT = 1800.0
IN_THE_MIDST = 15.0
"""Seconds into a proof: its guests are about to boot."""
PROGRAM = Path(sys.executable).with_name("guest-image")


@contextmanager
def fleet(*words: object) -> Generator[subprocess.Popen[str]]:
    """A verb of a fleet, which is ended with the test."""
    with subprocess.Popen(
        [PROGRAM, "fleet", *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "images.yaml").write_text("images: {base: }\n")
    return tmp_path


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def built(directory: Path) -> Manifest:
    """The manifest of a build whose image is the one that it tells of."""
    build = manifest.read(directory)
    assert sha256_of(directory / build.image.name) == build.image.sha256
    return build


def test_a_worker_builds_and_proves_it_and_the_store_has_all_evidence(home: Path) -> None:
    store = home / "store"
    with fleet("scheduler", "--port", 0) as scheduler:
        address = first_line(scheduler)
        with fleet("worker", address, "--slots", 1, "--output", home / "worker") as worker:
            assert "builds 1" in first_line(worker)
            words = ("--scheduler", address, "--store", store, "--output", home / "out")
            with fleet("run", home / "images.yaml", *words) as run:
                out, err = run.communicate(timeout=LIMIT)
            assert run.returncode == 0, out + err
            name = f"-{worker.pid}"
    (directory,) = (store / "base").glob("2*")
    build = built(directory)
    assert verdict_of(build).complete
    assert (store / "base" / "latest").read_text() == build.build
    assert {path.name for path in directory.iterdir()} >= {"report.html", "SHA256SUMS"}
    ended = [line for line in err.splitlines() if " done: " in line]
    assert [(name in line, build.build in line) for line in ended] == [(True, True), (True, False)]
    assert "1 of 1 image complete; steps: 2 done." in out
    assert 'failures="0"' in (home / "out" / "fleet.xml").read_text()
    assert processes_with(home) == []


def test_a_run_on_this_machine_builds_it_and_interrupted_in_its_proof_leaves_nothing_running(
    home: Path,
) -> None:
    dist = home / "dist"
    with fleet("run", home / "images.yaml", "--output", dist) as run:
        log = dist / ".fleet" / "base" / "prove.log"
        wait_until(log.exists, "its proof begins", LIMIT)
        time.sleep(IN_THE_MIDST)
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=LIMIT)
    assert run.returncode == 130, err
    build = built((dist / "base" / "latest").resolve())
    assert f"base: build done: {build.build}" in err
    assert not verdict_of(build).complete
    assert processes_with(home) == []
