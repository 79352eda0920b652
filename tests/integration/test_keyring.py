"""Whose signatures a bootstrap accepts: those of the keyring that is named, and no other."""

import os
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from builder.build.apt_sources import host_mirrors
from builder.build.mmdebstrap import mmdebstrap_arguments
from builder.build.package_cache import PackageCache
from builder.distribution import DISTRIBUTIONS, Distribution

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="as in a build, mmdebstrap needs root"),
]

NAME = "debian-12"
OTHER_KEYS = Path("/usr/share/keyrings/debian-archive-removed-keys.gpg")


def bootstrap(distribution: Distribution, scratch: Path) -> subprocess.CompletedProcess[str]:
    """What a build's bootstrap would install, by mmdebstrap's own account."""
    mirrors = host_mirrors(distribution.os_distro, distribution.release)
    packages = PackageCache(scratch, distribution.os_distro, scratch / "store")
    packages.archives.mkdir(parents=True)
    packages.settings.mkdir()
    words = shlex.split(mmdebstrap_arguments(packages, distribution, mirrors))
    mirror = mirrors["DIB_DISTRIBUTION_MIRROR"]
    return subprocess.run(
        [
            *("mmdebstrap", "--simulate", "--variant=minbase", "--arch=amd64"), *words,
            distribution.release, scratch / "root", mirror,
        ],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_the_archive_is_known_by_the_keyring_that_is_named(tmp_path: Path) -> None:
    done = bootstrap(DISTRIBUTIONS[NAME], tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not OTHER_KEYS.exists(), reason=f"this host has no {OTHER_KEYS.name}")
def test_a_key_that_only_the_host_trusts_signs_nothing(tmp_path: Path) -> None:
    keyring = tmp_path / "other.gpg"
    shutil.copy(OTHER_KEYS, keyring)
    done = bootstrap(replace(DISTRIBUTIONS[NAME], keyring=str(keyring)), tmp_path)
    assert done.returncode != 0
    assert "NO_PUBKEY" in done.stderr
