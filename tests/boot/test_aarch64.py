"""An image for another architecture than this machine's, whole: built, inspected, every boot made.

Its programs run by emulation while it is built, and its guests afterwards: it takes twelve minutes
on two cores that do nothing else.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.architecture import AARCH64
from builder.feature import Outcome
from builder.host.foreign_programs import is_foreign, obstacle
from builder.store import manifest
from builder.store.verdict import verdict_of

pytestmark = [
    pytest.mark.boot,
    pytest.mark.whole,
    pytest.mark.program(*(("qemu-aarch64-static", "arch-test") if is_foreign(AARCH64) else ())),
    pytest.mark.program(AARCH64.qemu),
    pytest.mark.skipif(obstacle(AARCH64) is not None, reason="no arm64 program runs here"),
]

LIMIT = 3 * 3600.0
CLAIMED = {
    "architecture": "aarch64",
    "hw_machine_type": "virt",
    "hw_firmware_type": "uefi",
    "hw_watchdog_action": "reset",
}


def test_every_claim_of_an_arm64_image_is_proven(
    built: Callable[[str], Path], tmp_path: Path
) -> None:
    build = tmp_path / "build"
    shutil.copytree(built("debian-12-arm64"), build)
    unproven = manifest.read(build).model_copy(update={"evidence": (), "boots": ()})
    manifest.write(build, unproven)
    program = Path(sys.executable).with_name("guest-image")
    done = subprocess.run(
        [program, "prove", build], capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    proven = manifest.read(build)
    assert verdict_of(proven).proven
    assert {result.outcome for result in proven.evidence} == {Outcome.PASSED}
    properties = {claim.property: claim.value for claim in proven.planned().claims}
    assert properties.items() >= CLAIMED.items()
    assert {package.architecture for package in proven.packages} == {"arm64", "all"}
    assert all("AAVMF" in boot.firmware for boot in proven.boots)
