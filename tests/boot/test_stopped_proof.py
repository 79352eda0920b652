"""A proof that is stopped while its guests run."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import processes_with

from builder.store import manifest

pytestmark = pytest.mark.boot

LIMIT = 120.0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_it_ends_its_guests_and_the_appliance_and_leaves_the_build_as_it_was(
    built: Callable[[str], Path], tmp_path: Path, number: signal.Signals
) -> None:
    build, scratch = tmp_path / "build", tmp_path / "scratch"
    scratch.mkdir()
    shutil.copytree(built("pinned-scsi"), build)
    unproven = manifest.read(build).model_copy(update={"evidence": (), "boots": ()})
    manifest.write(build, unproven)
    with subprocess.Popen(
        [Path(sys.executable).with_name("guest-image"), "prove", build],
        env={**os.environ, "TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        start = time.monotonic()
        at_once = min(2, len(os.sched_getaffinity(0)))
        while processes_with(scratch).count("qemu-system-x86_64") < at_once:
            assert process.poll() is None
            assert time.monotonic() - start < LIMIT
            time.sleep(0.1)
        stopped = time.monotonic()
        process.send_signal(number)
        _, said = process.communicate(timeout=LIMIT)
        assert time.monotonic() - stopped < LIMIT / 4
    assert process.returncode == 130
    assert "Traceback" not in said
    assert said.splitlines()[-1] in {"Interrupted.", "Stopped by SIGTERM."}
    assert processes_with(scratch) == []
    assert [*scratch.iterdir()] == []
    assert manifest.read(build) == unproven
    (build / unproven.image.name).unlink()
