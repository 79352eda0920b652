"""A driver that the user brings along is built for the kernel, or refused before the build."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from broken import Disks
from drivers import MODULE, profile

from builder.feature import Outcome
from builder.features.registry import shipped
from builder.proof.checks import checks_of
from builder.proof.inspection import inspect
from builder.store import manifest
from builder.terminal.progress import Progress

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="a build needs root"),
]

MODPROBE = "/etc/modprobe.d"
GRUB = "/boot/grub/grub.cfg"
GETTY = "/etc/systemd/system/getty.target.wants/serial-getty@ttyS2.service"


def inspected(image: Path, build: Path) -> dict[str, tuple[Outcome, str]]:
    plan = manifest.read(build).planned()
    checks = checks_of(plan, shipped())
    with Progress() as progress:
        evidence = inspect(
            image, "qcow2", [checks[check.id] for check in plan.inspections], "", progress
        )
    return {result.check: (result.outcome, result.seen) for result in evidence}


def test_the_image_has_the_driver_for_its_kernel_and_passes_every_inspection(
    compute: Path,
) -> None:
    seen = inspected(compute / "image.qcow2", compute)
    assert {outcome for outcome, _ in seen.values()} == {Outcome.PASSED}, seen
    assert f"/updates/dkms/{MODULE}.ko" in seen["vgpu/kernels-have-driver"][1]
    log = (compute / "build.log").read_text()
    assert f"{MODULE}.ko:" in log
    assert "guest-hello/1.0, " in log


def test_what_is_taken_out_of_the_image_is_missed(compute: Path, tmp_path: Path) -> None:
    image = tmp_path / "broken.qcow2"
    shutil.copyfile(compute / "image.qcow2", image)
    disks = Disks([image])
    try:
        disks.mount(0)
        handle = disks.handle
        (module,) = handle.glob_expand(f"/usr/lib/modules/*/updates/dkms/{MODULE}.ko")
        handle.rm(module)
        handle.rm(f"{MODPROBE}/guest-vgpu.conf")
        handle.write(f"{MODPROBE}/guest-nested-virtualisation.conf", b"options kvm_intel nested=1")
        handle.rm(GETTY)
        grub = handle.read_file(GRUB)
        handle.write(GRUB, grub.replace(b" nohz_full=2-N", b""))
    finally:
        disks.close()
    failed = {
        check: seen
        for check, (outcome, seen) in inspected(image, compute).items()
        if outcome is not Outcome.PASSED
    }
    because = {
        "vgpu/kernels-have-driver": "the driver was not built for it",
        "vgpu/nouveau-is-out": "no file of modprobe.d blacklists nouveau",
        "nested-virtualisation/nesting-is-on": "sets kvm_amd's option 'nested'",
        "serial-ports/gettys-will-start": "serial-getty@ttyS2.service is disabled",
        "cpu-pinning/kernels-are-told": "starts a kernel without nohz_full=2-N",
    }
    assert set(failed) == set(because), failed
    assert {name: text for name, text in because.items() if text not in failed[name]} == {}
    image.unlink()


def test_another_driver_than_the_one_that_was_meant_ends_the_build_before_it_begins(
    tmp_path: Path,
) -> None:
    path = profile(tmp_path / "profile")
    path.write_text(re.sub("sha256: .*", f"sha256: '{'0' * 64}'", path.read_text()))
    program = Path(sys.executable).with_name("guest-image")
    done = subprocess.run(
        [program, "build", path, "--output", tmp_path / "dist"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "is not the file that the profile names." in done.stderr
    assert f"expected SHA-256 {'0' * 64}" in done.stderr
    assert not [*(tmp_path / "dist").rglob("image.*")]
