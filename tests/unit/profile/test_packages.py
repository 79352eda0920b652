"""Packages of a profile that take away what an element stands on."""

import json
from pathlib import Path

import pytest
import yaml
from profile_files import problems, shipped_and

from builder.build.mmdebstrap import BOOTSTRAP_PACKAGES
from builder.distribution import DISTRIBUTIONS
from builder.errors import InputError
from builder.feature import Feature, Parameters
from builder.features.combination import used_features
from builder.features.registry import FOUNDATION, Registry, shipped
from builder.host.paths import elements_path
from builder.profile.packages import FILE_NAME, element_directories, package_conflicts

FILES = sorted(elements_path().glob(f"*/{FILE_NAME}"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "packages: [vim, resolvconf]",
            "mine.yaml:2:17: packages.1: 'resolvconf' takes away systemd-resolved, which tells",
        ),
        ("packages: [openresolv]", "'openresolv' takes away systemd-resolved"),
        ("packages: [dracut]", "'dracut' takes away initramfs-tools"),
        ("packages: [tiny-initramfs]", "'tiny-initramfs' takes away initramfs-tools"),
        ("initramfs: dracut\\npackages: [dropbear-initramfs]", "takes away dracut, which makes"),
        ("packages: [sysvinit-core]", "'sysvinit-core' takes away systemd-sysv"),
        ("packages: [libpam-elogind]", "'libpam-elogind' takes away systemd"),
        ("distribution: debian-13\\npackages: [resolvconf]", "mine.yaml:3:12: packages.0"),
        ("distribution: ubuntu-24.04\\npackages: [resolvconf]", "takes away systemd-resolved"),
    ],
)
def test_a_package_that_takes_away_what_an_element_stands_on_is_refused(
    tmp_path: Path, text: str, said: str
) -> None:
    (problem,) = problems(tmp_path, f"extends: base\n{text}\n".replace("\\n", "\n"))
    assert said in problem
    assert "\n  Remove it" in problem


@pytest.mark.parametrize(
    "text",
    [
        # Each replaces an element's own, and does the same.
        "packages: [chrony]",
        "packages: [openntpd]",
        "packages: [ntpsec]",
        "packages: [network-manager]",
        "packages: [sudo-ldap]",
        # What the image is made with anyway, and what only has a similar name.
        "packages: [initramfs-tools, dropbear-initramfs, systemd-resolved]",
        "initramfs: dracut\\npackages: [dracut, dracut-network]",
        "packages: [dracut-core, netctl, resolvconf-admin, libsystemd-dev]",
        # Another family's packages take nothing of that name away.
        "distribution: rocky-9\\npackages: [dracut, openresolv]",
        "distribution: opensuse-15.6\\npackages: [dracut]",
    ],
)
def test_a_package_that_the_elements_can_live_with_is_taken(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, f"extends: base\n{text}\n".replace("\\n", "\n")) == []


def test_a_package_that_is_inherited_is_told_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "parent.yaml").write_text("extends: base\npackages: [overlayroot]\n")
    (problem,) = problems(tmp_path, "extends: parent.yaml\ninitramfs: dracut\n")
    assert problem.startswith("parent.yaml:2:12: packages.0: 'overlayroot' takes away dracut")


def test_it_is_told_beside_what_else_is_wrong(tmp_path: Path) -> None:
    text = "extends: base\npackages: [resolvconf]\nfeatures: {wachdog: }\n"
    assert [problem.split(":")[1] for problem in problems(tmp_path, text)] == ["2", "3"]


# ---- other packages' features


class NoParameters(Parameters):
    pass


def brought(directory: Path, table: str) -> Registry:
    """The shipped features and one of another package, whose element has this table."""
    element = directory / "elements" / "mine"
    element.mkdir(parents=True)
    (element / FILE_NAME).write_text(table, encoding="utf-8")
    feature = Feature(
        name="mine", summary="x", parameters=NoParameters, elements=("mine",),
        elements_path=directory / "elements", no_probe_reason="it is a test's",
    )  # fmt: skip
    return shipped_and(feature)


PROFILE = "extends: base\npackages: [rival]\nfeatures: {mine: }\n"


def test_an_element_of_another_package_says_so_in_the_same_way(tmp_path: Path) -> None:
    table = "debian: [{packages: [rival], takes: mine, remedy: Remove it.}]\n"
    registry = brought(tmp_path, table)
    assert "'rival' takes away mine." in problems(tmp_path, PROFILE, registry)[0]
    assert problems(tmp_path, PROFILE.replace("mine: ", "rng: "), registry) == []


@pytest.mark.parametrize(
    "table", ["debian: [{packages: [rival]}]\n", "[", "debian: {}\n", "debian: [{when: x}]\n"]
)
def test_a_wrong_table_is_told_with_its_file(tmp_path: Path, table: str) -> None:
    with pytest.raises(InputError) as caught:
        problems(tmp_path, PROFILE, brought(tmp_path, table))
    assert str(caught.value).startswith(f"The element 'mine' has a wrong {FILE_NAME}.")
    assert str(tmp_path / "elements/mine" / FILE_NAME) in caught.value.hint


@pytest.mark.parametrize(
    ("when", "counts"),
    [("A = b", True), ("A=b", True), ("A = c", False), ("A != c", True), ("B != b", True),
     ("A != b", False), ("B = b", False)],
)  # fmt: skip
def test_a_condition_is_that_of_package_installs(
    tmp_path: Path, when: str, *, counts: bool
) -> None:
    entry = {"packages": ["rival"], "takes": "mine", "remedy": "Remove it.", "when": when}
    (tmp_path / FILE_NAME).write_text(yaml.safe_dump({"debian": [entry]}))
    assert bool(package_conflicts([tmp_path], "debian", {"A": "b"})) is counts
    assert package_conflicts([tmp_path], "suse", {"A": "b"}) == {}
    assert package_conflicts([tmp_path], None, {"A": "b"}) == {}


# ---- the shipped tables


def test_there_are_tables() -> None:
    assert len(FILES) > 2


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_what_is_taken_away_is_what_the_bootstrap_or_an_element_installs(file: Path) -> None:
    installed = set(BOOTSTRAP_PACKAGES) | {"systemd"}  # which systemd-sysv stands on
    installed |= set(yaml.safe_load((file.parent / "package-installs.yaml").read_text()))
    names = json.loads((file.parent / "pkg-map").read_text())["family"].get("debian", {})
    installed |= set(names.values())
    for family, entries in yaml.safe_load(file.read_text()).items():
        assert family in {distribution.family for distribution in DISTRIBUTIONS.values()}
        for entry in entries:
            assert entry["takes"].split()[0].rstrip(",") in installed


def test_only_the_elements_of_the_features_in_use_have_a_say() -> None:
    used = used_features(DISTRIBUTIONS["debian-12"], {}, shipped())
    names = {directory.name for directory in element_directories(used)}
    assert names == set(FOUNDATION.elements)
