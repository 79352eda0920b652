"""The packages that elements install, under their names in every distribution."""

import io
import json
import re
import runpy
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path

import pytest
import yaml
from element_files import ELEMENTS, OURS, THEIRS, name

from builder import distribution
from builder.architecture import ARCHITECTURES

PKG_MAP = THEIRS / "pkg-map/bin/pkg-map"

# As diskimage-builder's elements name the distributions that images can be made of.
DISTRIBUTIONS = {
    system.os_distro: {ARCHITECTURES[name].debian for name in system.architectures}
    for system in distribution.DISTRIBUTIONS.values()
}
"""And the architectures that images of them can be made for, as diskimage-builder calls those."""

SAME_NAME_EVERYWHERE = {
    *("ca-certificates", "dkms", "dosfstools", "dracut", "e2fsprogs", "efibootmgr", "ethtool"),
    *("irqbalance",),
    *("qemu-guest-agent", "sudo", "watchdog", "zstd"),
}
"""Packages of this very name in Debian, Ubuntu, the RHEL family and SUSE: they need no mapping."""

SAME_NAME_HERE = {
    ("iproute2", "debian"), ("iproute2", "ubuntu"), ("iproute2", "opensuse"),
    ("dbus", "debian"), ("dbus", "ubuntu"), ("dbus", "rocky"),
    ("openssh-server", "debian"), ("openssh-server", "ubuntu"), ("openssh-server", "rocky"),
    ("growpart", "opensuse"), ("initramfs-tools", "debian"), ("initramfs-tools", "ubuntu"),
    ("shim", "opensuse"),
}  # fmt: skip
"""Packages that have this very name in one distribution, and another elsewhere."""


def installed(element: Path) -> Mapping[str, object]:
    file = element / "package-installs.yaml"
    packages: Mapping[str, object] = yaml.safe_load(file.read_text()) if file.exists() else {}
    return packages


def is_for(conditions: object, architectures: set[str]) -> bool:
    """Whether a package may be installed in an image for one of the architectures."""
    wanted = conditions.get("arch") if isinstance(conditions, dict) else None
    return wanted is None or wanted in architectures


PACKAGES = [
    (element, package, distribution)
    for element in ELEMENTS
    for package, conditions in installed(element).items()
    for distribution, architectures in DISTRIBUTIONS.items()
    if is_for(conditions, architectures)
]


def mapped(element: Path, package: str, distribution: str) -> str:
    """What diskimage-builder's own pkg-map makes of a package's name; empty: no package."""
    output = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(output):
        table = ["--pkg-map", str(element / "pkg-map"), "--distro", distribution]
        patch.setattr(sys, "argv", ["pkg-map", "--missing-ok", *table, package])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(PKG_MAP), run_name="__main__")
    assert ended.value.code == 0
    return output.getvalue().strip()


@pytest.mark.parametrize("file", sorted(OURS.glob("*/pkg-map")), ids=name)
def test_a_package_map_is_json_for_names_that_the_element_installs(file: Path) -> None:
    maps = json.loads(file.read_text())
    assert set(maps) <= {"family", "distro", "release", "default"}
    assert set(maps.get("family", {})) <= {"debian", "redhat", "suse"}
    tables = [maps.get("default", {}), *maps.get("family", {}).values()]
    tables += maps.get("distro", {}).values()
    mapped_names = {package for table in tables for package in table}
    assert mapped_names <= set(installed(file.parent))


@pytest.mark.parametrize(
    ("element", "package", "distribution"),
    PACKAGES,
    ids=[f"{element.name}-{package}-{distro}" for element, package, distro in PACKAGES],
)
def test_a_package_has_a_real_name_in_every_family(
    element: Path, package: str, distribution: str
) -> None:
    unmapped = mapped(element, package, distribution) == package
    excepted = package in SAME_NAME_EVERYWHERE or (package, distribution) in SAME_NAME_HERE
    assert not unmapped or excepted, f"map '{package}', or say that {distribution} calls it so"


@pytest.mark.parametrize(
    "system", distribution.DISTRIBUTIONS.values(), ids=lambda system: system.name
)
def test_diskimage_builder_makes_the_release_of_a_distribution_under_the_name_of_its_packages(
    system: distribution.Distribution,
) -> None:
    element = THEIRS / system.element
    files = [*element.glob("environment.d/*"), *(THEIRS / "ubuntu-common/environment.d").glob("*")]
    names = {
        match[1] or match[2]
        for path in files
        for match in re.finditer(
            r"DISTRO_NAME=(?:\$\{DISTRO_NAME:-(\w+)\}|(\w+))", path.read_text()
        )
    }
    assert system.os_distro in names
    containers = element / "containerfiles"
    assert not containers.exists() or (containers / system.release).exists()
