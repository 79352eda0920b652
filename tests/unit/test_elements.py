"""The elements keep diskimage-builder's conventions, ours, and shellcheck's."""

import io
import json
import os
import re
import runpy
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from pathlib import Path

import diskimage_builder
import pytest
import yaml

from builder import distribution
from builder.features.registry import FOUNDATION, shipped
from builder.host.paths import elements_path, profiles_path
from builder.linux import hygiene, identities
from builder.plan.merge import TREE_ELEMENT
from builder.profile.packages import FILE_NAME as CONFLICTS

OURS = elements_path()
THEIRS = Path(diskimage_builder.__file__).parent / "elements"
BUILDER = OURS.parent / "builder"
PKG_MAP = THEIRS / "pkg-map/bin/pkg-map"
ELEMENTS = sorted(path for path in OURS.iterdir() if path.is_dir())
NAMES = {path.name for path in ELEMENTS}
SCRIPTS = sorted(path for path in OURS.glob("*/*.d/*") if path.is_file())
GUEST_SCRIPTS = sorted((BUILDER / "linux" / "scripts").glob("*.sh"))
HOOKS = [path for path in SCRIPTS if path.parent.name != "environment.d"]

# As diskimage-builder's elements name the distributions that images can be made of.
DISTRIBUTIONS = sorted({one.os_distro for one in distribution.DISTRIBUTIONS.values()})

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


def name(path: Path) -> str:
    return str(path.relative_to(OURS))


# ---- scripts


def test_there_are_elements_and_scripts() -> None:
    assert len(ELEMENTS) > 5
    assert len(SCRIPTS) > len(ELEMENTS)


@pytest.mark.program("shellcheck")
def test_every_script_passes_shellcheck() -> None:
    subprocess.run(["shellcheck", "--version"], capture_output=True, check=True)
    checked = subprocess.run(
        ["shellcheck", "--shell=bash", "--severity=style", *SCRIPTS, *GUEST_SCRIPTS],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("hook", HOOKS, ids=name)
def test_a_hook_is_executable_and_named_after_its_element(hook: Path) -> None:
    # diskimage-builder passes over a hook that is not executable, or whose name has a dot.
    assert os.access(hook, os.X_OK)
    assert re.fullmatch(rf"\d\d-{re.escape(hook.parent.parent.name)}", hook.name)


@pytest.mark.parametrize("hook", HOOKS, ids=name)
def test_a_hook_stops_at_the_first_error_and_can_be_traced(hook: Path) -> None:
    lines = hook.read_text().splitlines()
    assert lines[0] == "#!/bin/bash"
    assert "set -eu" in lines
    assert "set -o pipefail" in lines
    assert 'if [ "${DIB_DEBUG_TRACE:-0}" -gt 0 ]; then' in lines


@pytest.mark.parametrize("script", [path for path in SCRIPTS if path not in HOOKS], ids=name)
def test_an_environment_file_is_sourced_and_named_after_its_element(script: Path) -> None:
    assert re.fullmatch(rf"\d\d-{re.escape(script.parent.parent.name)}\.bash", script.name)
    assert not os.access(script, os.X_OK)


def test_no_hook_overwrites_another_of_ours_or_of_diskimage_builder_s() -> None:
    """All hooks of one directory are copied together; of one name, only the last survives."""
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for elements in (OURS, THEIRS):
        for path in elements.glob("*/*.d/*"):
            owners[f"{path.parent.name}/{path.name}"].add(path.parent.parent.name)
    clashes = {hook: names for hook, names in owners.items() if len(names) > 1 and names & NAMES}
    assert clashes == {}


# ---- what an element consists of


@pytest.mark.parametrize("element", ELEMENTS, ids=name)
def test_an_element_has_a_readme_under_its_own_heading(element: Path) -> None:
    lines = (element / "README.rst").read_text().splitlines()
    heading = next(index for index, line in enumerate(lines) if line == element.name)
    assert set(lines[heading + 1]) == {"="}
    assert len(lines[heading + 1]) >= len(element.name)
    assert any(line.strip() for line in lines[heading + 2 :])


@pytest.mark.parametrize("file", sorted(OURS.glob("*/element-*")), ids=name)
def test_the_elements_that_an_element_names_exist(file: Path) -> None:
    assert file.name in {"element-deps", "element-provides"}
    named = file.read_text().split()
    assert named
    missing = [one for one in named if one not in NAMES and not (THEIRS / one).is_dir()]
    assert missing == []


NEEDS = {
    "package-installs.yaml": "package-installs",
    "pkg-map": "pkg-map",
    "svc-map": "svc-map",
}


@pytest.mark.parametrize(
    "file", sorted(path for kind in NEEDS for path in OURS.glob(f"*/{kind}")), ids=name
)
def test_an_element_depends_on_the_element_that_reads_its_file(file: Path) -> None:
    assert NEEDS[file.name] in (file.parent / "element-deps").read_text().split()


@pytest.mark.parametrize("element", ELEMENTS, ids=name)
def test_an_element_has_no_file_that_nothing_reads(element: Path) -> None:
    known = {"README.rst", "element-deps", "element-provides", CONFLICTS, *NEEDS}
    assert {path.name for path in element.iterdir() if path.is_file()} <= known
    directories = {path.name for path in element.iterdir() if path.is_dir()}
    assert all(one.endswith(".d") for one in directories)


def test_every_element_is_used_by_a_feature_and_every_used_one_exists() -> None:
    features = (FOUNDATION, *(one.feature for one in shipped().values()))
    used = {TREE_ELEMENT, *(element for feature in features for element in feature.elements)}
    assert used == NAMES


# ---- packages


def installed(element: Path) -> Mapping[str, object]:
    file = element / "package-installs.yaml"
    packages: Mapping[str, object] = yaml.safe_load(file.read_text()) if file.exists() else {}
    return packages


PACKAGES = [
    (element, package, distribution)
    for element in ELEMENTS
    for package in installed(element)
    for distribution in DISTRIBUTIONS
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
    mapped_names = {one for table in tables for one in table}
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
    known = package in SAME_NAME_EVERYWHERE or (package, distribution) in SAME_NAME_HERE
    assert not unmapped or known, f"map '{package}', or say that {distribution} calls it so"


@pytest.mark.parametrize("known", distribution.DISTRIBUTIONS.values(), ids=lambda one: one.name)
def test_diskimage_builder_makes_the_release_of_a_distribution_under_the_name_of_its_packages(
    known: distribution.Distribution,
) -> None:
    element = THEIRS / known.element
    files = [*element.glob("environment.d/*"), *(THEIRS / "ubuntu-common/environment.d").glob("*")]
    names = {
        match[1] or match[2]
        for path in files
        for match in re.finditer(
            r"DISTRO_NAME=(?:\$\{DISTRO_NAME:-(\w+)\}|(\w+))", path.read_text()
        )
    }
    assert known.os_distro in names
    containers = element / "containerfiles"
    assert not containers.exists() or (containers / known.release).exists()


# ---- hygiene


def test_the_element_removes_what_the_inspections_forbid(tmp_path: Path) -> None:
    """All but apt's downloads: there the package cache lies, which is no part of the image."""
    patterns = {*identities.IDENTITIES, *hygiene.LEFTOVERS} - {"/var/cache/apt/archives/*.deb"}
    for pattern in (*patterns, "/var/log/x", "/etc/machine-id", "/run/x"):
        path = tmp_path / pattern.replace("*", "a_b-proxy_lease_key").lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("something")
    script = OURS / "guest-hygiene/cleanup.d/99-guest-hygiene"
    environment = {"TARGET_ROOT": str(tmp_path), "PATH": os.defpath}
    subprocess.run([script], env=environment, check=True)
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size] == []


# ---- services


@pytest.mark.parametrize("file", sorted(OURS.glob("*/svc-map")), ids=name)
def test_a_service_map_names_a_default_for_each_service(file: Path) -> None:
    for service, names in yaml.safe_load(file.read_text()).items():
        assert isinstance(names.get("default"), str), service
        assert set(names) <= {"debian", "ubuntu", "redhat", "suse", "opensuse", "default"}


def test_no_service_is_mapped_by_two_elements() -> None:
    """diskimage-builder's merge refuses that, in the midst of a build."""
    owners: defaultdict[str, list[str]] = defaultdict(list)
    for elements in (OURS, THEIRS):
        for file in elements.glob("*/svc-map"):
            for service in yaml.safe_load(file.read_text()):
                owners[service].append(file.parent.name)
    shared = {service: names for service, names in owners.items() if len(names) > 1}
    assert not [names for names in shared.values() if set(names) & NAMES]


# ---- mirrors

MIRROR = re.compile(
    r"\b(?:[a-z0-9-]+\.)*(?:deb|mirrors?|archive|security|ftp|packages|cdn|download)"
    r"\.(?:[a-z0-9-]+\.)+(?:org|com|net|edu|io|dev|de|eu|uk|fr|nl|cz|invalid)\b"
)
"""A host that looks like a package mirror's."""


def mirror_hosts(text: str) -> list[str]:
    return [host for host in MIRROR.findall(text) if not host.endswith(".example.org")]


def sources() -> Iterator[Path]:
    for root in (OURS, profiles_path(), BUILDER):
        yield from (
            path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts
        )


@pytest.mark.parametrize(
    "host",
    ["deb.host.invalid", "ftp.de.host.invalid", "mirrors.host.invalid", "x.archive.h.invalid"],
)
def test_a_mirror_s_host_is_recognised(host: str) -> None:
    assert mirror_hosts(f"http://{host}/debian") == [host]


def test_no_mirror_s_host_is_named() -> None:
    named = {str(path): hosts for path in sources() if (hosts := mirror_hosts(path.read_text()))}
    assert named == {}
