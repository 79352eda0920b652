"""What the elements' tables say of packages is what apt says of this host's own archive."""

import shutil
import subprocess
from collections.abc import Callable
from functools import cache

import pytest
import yaml

from builder.host.paths import elements_path
from builder.profile.packages import FILE_NAME

pytestmark = pytest.mark.integration

EXCLUDED = sorted(
    {
        (entry["takes"].split()[0].rstrip(","), package)
        for path in elements_path().glob(f"*/{FILE_NAME}")
        for entry in yaml.safe_load(path.read_text())["debian"]
        for package in entry["packages"]
    }
)
TOGETHER = [
    ("systemd-resolved", "network-manager"),
    ("systemd-resolved", "netctl"),
    ("initramfs-tools", "dracut-core"),
    ("dracut", "dracut-network"),
]


Installable = Callable[..., bool]


@pytest.fixture(scope="module")
def installable(tmp_path_factory: pytest.TempPathFactory) -> Installable:
    """Whether apt could install all of these together, on a machine that has nothing."""
    if shutil.which("apt-get") is None:
        pytest.skip("this host has no apt")
    caches = tmp_path_factory.mktemp("apt")
    settings = {
        "Dir::State::status": "/dev/null",
        "Dir::Cache::pkgcache": caches / "packages",
        "Dir::Cache::srcpkgcache": caches / "sources",
    }
    options = [f"--option={name}={value}" for name, value in settings.items()]
    command = ["apt-get", "--simulate", "--no-install-recommends", *options, "install"]

    @cache
    def simulate(*packages: str) -> bool:
        done = subprocess.run([*command, *packages], capture_output=True, text=True, check=False)
        if "Unable to locate package" in done.stderr:
            pytest.skip(f"this host's archive lacks one of {packages}")
        return done.returncode == 0

    return simulate


@pytest.mark.parametrize(("taken", "package"), EXCLUDED)
def test_a_refused_package_excludes_what_it_takes_away(
    taken: str, package: str, installable: Installable
) -> None:
    assert installable(taken)
    assert not installable(taken, package)


@pytest.mark.parametrize(("present", "package"), TOGETHER)
def test_a_package_that_goes_with_an_element_s_is_not_refused(
    present: str, package: str, installable: Installable
) -> None:
    assert installable(present, package)
    assert (present, package) not in EXCLUDED
