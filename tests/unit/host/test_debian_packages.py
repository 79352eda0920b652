"""The one list of Debian packages, as the program and the Makefile read it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from builder.architecture import AARCH64
from builder.distribution import DISTRIBUTIONS
from builder.host.debian_packages import debian_packages, installation, programs_for
from builder.vm import swtpm

ROOT = Path(__file__).parents[3]
NAMES = [package.name for package in debian_packages()]


def test_every_package_has_a_purpose_and_stands_once() -> None:
    purposes = {purpose for package in debian_packages() for purpose in package.purposes}
    of_another = {"build-aarch64", "proof-aarch64"}
    assert purposes == {"setup", "build", "proof", "due", "test", *of_another}
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_installs_what_the_list_names_and_what_is_for_aarch64_apart_from_it() -> None:
    database = subprocess.run(
        ["make", "--print-data-base", "--question", "help"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    ).stdout  # fmt: skip
    lines = dict(line.split(" := ") for line in database.splitlines() if "_PACKAGES := " in line)
    usual = [package.name for package in debian_packages() if package.target == "host"]
    assert lines["HOST_PACKAGES"].split() == usual
    assert lines["AARCH64_PACKAGES"].split() == [name for name in NAMES if name not in usual]


def test_what_another_architecture_needs_is_installed_by_its_own_target() -> None:
    programs = programs_for("build-aarch64") | programs_for("proof-aarch64")
    assert programs["qemu-aarch64-static"] == "qemu-user-static"
    assert programs[AARCH64.qemu] == AARCH64.qemu_package
    assert AARCH64.firmware_package in NAMES
    for package in (AARCH64.qemu_package, AARCH64.firmware_package):
        assert installation(["mtools", package]).endswith(f"{package} (or 'make host-aarch64')")
    assert installation(["mtools"]) == "apt-get install mtools (or 'make host')"
    assert installation(["mtools", "podman"]) == "apt-get install mtools podman"


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
