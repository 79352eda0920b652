"""The one list of Debian packages, as the program and the Makefile read it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from builder.distribution import DISTRIBUTIONS
from builder.host.debian_packages import debian_packages, programs_for
from builder.vm import swtpm

ROOT = Path(__file__).parents[3]
NAMES = [package.name for package in debian_packages()]


def test_every_package_has_a_purpose_and_stands_once() -> None:
    purposes = {purpose for package in debian_packages() for purpose in package.purposes}
    assert purposes == {"setup", "build", "proof", "due", "test"}
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_installs_what_the_list_names() -> None:
    database = subprocess.run(
        ["make", "--print-data-base", "--question", "help"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    ).stdout  # fmt: skip
    line = next(line for line in database.splitlines() if line.startswith("HOST_PACKAGES :="))
    assert line.split()[2:] == NAMES


def test_programs_are_those_of_a_purpose() -> None:
    assert programs_for("build")["mcopy"] == "mtools"
    assert programs_for("proof")["qemu-system-x86_64"] == "qemu-system-x86"
    assert "mcopy" not in programs_for("proof")
    assert programs_for("setup") == {}


def test_what_the_proven_distributions_and_a_tpm_need_is_installed() -> None:
    needed = {
        package
        for distribution in DISTRIBUTIONS.values()
        if not distribution.untested_reason
        for package in (*distribution.tools.values(), distribution.keyring_package)
    }
    assert {*needed, swtpm.PROGRAM} <= set(NAMES)
