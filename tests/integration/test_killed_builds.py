"""A build that is killed in a late phase, and then made again. Needs root.

``test_robustness.py`` kills one in its bootstrap, and stands for these in "make test".
"""

import os
import re
import subprocess
from pathlib import Path

import pytest
from copies import PROFILE, Copy, wait_until

from builder.store import manifest
from builder.store.build_directory import LATEST, LOG, PARTIAL

pytestmark = [
    pytest.mark.integration,
    pytest.mark.whole,
    pytest.mark.skipif(os.geteuid() != 0, reason="a build needs root"),
]

AT_WORK = {
    "install packages": r"package-installs|install-packages",
    "initrd and boot loader": r"mkinitramfs|update-initramfs|grub-mkimage",
    "disk": "mke2fs",
    "convert": "qemu-img convert",
}
"""What is seen to run in the phase in which the build is killed."""


def loop_devices(copy: Copy) -> set[str]:
    """Those that are attached to a file of the copy, and to which: other tests have theirs."""
    return {
        f"{path.parts[3]} {file}"
        for path in Path("/sys/block").glob("loop*/loop/backing_file")
        if str(copy.root) in (file := path.read_text().strip())
    }


def begin(copy: Copy, phase: str) -> subprocess.Popen[str]:
    """A build that is in the midst of a phase."""
    process = copy.begin(copy.build_command())
    assert process.stderr is not None
    for line in process.stderr:
        if line.rstrip().endswith(f"] {phase} …"):
            break

    def works() -> bool:
        return any(re.search(AT_WORK[phase], words) for words in copy.processes())

    assert wait_until(lambda: works() or process.poll() is not None, 120)
    assert process.poll() is None, process.communicate()
    assert copy.mounts()
    return process


@pytest.mark.parametrize("phase", AT_WORK)
def test_a_build_that_is_killed_leaves_nothing_in_the_way_of_the_same_command(
    tmp_path: Path, phase: str
) -> None:
    copy = Copy(tmp_path)
    with begin(copy, phase) as process:
        process.kill()
        process.wait(10)
        assert wait_until(lambda: not copy.processes() and not copy.mounts(), 15)
    assert loop_devices(copy) == set()
    left = [path.name for path in copy.home.iterdir()]
    assert [name for name in left if not name.endswith(PARTIAL)] == []

    done = copy.run(copy.build_command())
    assert done.returncode == 0, done.stderr
    build = Path(done.stdout.removesuffix("\n"))
    assert {*copy.home.iterdir()} == {build, copy.home / LATEST}
    assert (copy.home / LATEST).resolve() == build
    assert {path.name for path in build.iterdir()} == {
        "image.qcow2", manifest.FILE_NAME, "SHA256SUMS", LOG, "sbom.cdx.json", "sbom.spdx.json",
    }  # fmt: skip
    assert manifest.read(build).plan["profile"] == PROFILE
    for check in (["sha256sum", "--check", "SHA256SUMS"], ["qemu-img", "check", "image.qcow2"]):
        subprocess.run(check, cwd=build, capture_output=True, check=True)
    assert not [path for path in copy.remains() if path.startswith("cache")]
    assert (copy.processes(), copy.mounts(), loop_devices(copy)) == ([], set(), set())
