from dataclasses import fields, replace
from typing import Any

import pytest
from comparisons import PLAN, adopted, boots, builds, newer, older, package
from hypothesis import given
from samples import complete, manifest, plan

from builder.compare.builds import Difference, compare
from builder.compare.change import Change
from builder.compare.packages import PackageChange
from builder.store.manifest import Manifest

ALL_PARTS = (
    "packages", "kernel", "claims", "checks", "plan", "files of no package", "tools",
)  # fmt: skip
OPPOSITE = {"up": "down", "down": "up", "added": "removed", "removed": "added"}


def found(difference: Difference) -> dict[str, tuple[Any, ...]]:
    """All that differs by the manifests, by part."""
    others = {"old", "new", "unknown", "configuration", "changelogs", "vulnerabilities"}
    names = [field.name for field in fields(difference) if field.name not in others]
    return {name: getattr(difference, name) for name in names}


def mirrored(change: Change[Any] | PackageChange) -> Change[Any] | PackageChange:
    turned = replace(change, old=change.new, new=change.old)
    if isinstance(turned, PackageChange):
        return replace(turned, kind=OPPOSITE.get(turned.kind, turned.kind))
    return turned


# The failing example is a whole manifest, which shall be shown all the same.
LARGE = pytest.mark.filterwarnings("ignore:Generating overly large repr")


@LARGE
@given(builds())
def test_a_build_does_not_differ_from_itself(build: Manifest) -> None:
    difference = compare(build, build)
    assert set(found(difference).values()) == {()}
    assert difference.parts == ()


@LARGE
@given(builds(), builds())
def test_the_way_back_is_the_mirror_of_the_way_there(old: Manifest, new: Manifest) -> None:
    there, back = compare(old, new), compare(new, old)
    for name, changes in found(there).items():
        expected = sorted(map(repr, map(mirrored, changes)))
        assert sorted(map(repr, found(back)[name])) == expected, name
    assert there.parts == back.parts


def test_everything_that_differs_is_a_part() -> None:
    assert compare(older(), newer()).parts == ALL_PARTS


def test_sizes_and_times_alone_are_no_difference_of_builds() -> None:
    old = older()
    measured = old.model_copy(
        update={
            "image": old.image.model_copy(update={"size": 1}),
            "timings": {"bootstrap": 1.0},
            "directories": {"/": 1},
            "unpackaged": {**old.unpackaged, "/boot": 1},
            "boots": tuple(boots(PLAN, "a" * 64, "6.1.0-57-amd64", 1.0)),
        }
    )
    difference = compare(old, measured)
    assert difference.parts == ()
    assert difference.sizes
    assert difference.directories
    assert difference.unpackaged
    assert difference.boots
    assert difference.phases


def test_files_of_no_package_at_a_new_place_are_a_difference() -> None:
    old = older()
    new = old.model_copy(update={"unpackaged": {**old.unpackaged, "/opt/backdoor": 4096}})
    assert compare(old, new).parts == ("files of no package",)


def test_the_kernel_is_that_of_the_boots() -> None:
    assert compare(older(), newer()).kernel == (
        Change("kernel", ["6.1.0-57-amd64"], ["6.1.0-58-amd64"]),
    )


def test_what_each_build_has_of_its_own_is_no_argument_of_the_kernels() -> None:
    old = older()
    boot = old.boots[0]
    line = "BOOT_IMAGE=/vmlinuz-new root=UUID=other ro quiet net.ifnames=0"
    new = old.with_evidence([], [boot.model_copy(update={"command_line": line})])
    assert compare(old, new).kernel == (Change("command line", [], ["net.ifnames=0"]),)


def test_other_inputs_of_an_equal_plan_are_told() -> None:
    old = older()
    new = old.model_copy(update={"inputs": "9" * 64})
    assert compare(old, new).plan == (Change("inputs", "c" * 12, "9" * 12),)


def test_another_keyring_is_told() -> None:
    old = older()
    (path,) = old.keyrings
    (change,) = compare(old, old.model_copy(update={"keyrings": {path: "6" * 64}})).tools
    assert (change.name, change.new) == (f"SHA-256 of {path}", "6" * 64)


@pytest.mark.parametrize("turned", [False, True])
def test_what_an_image_from_elsewhere_does_not_tell_is_not_compared(*, turned: bool) -> None:
    pair = (adopted(), older()) if turned else (older(), adopted())
    difference = compare(*pair)
    assert difference.packages == difference.unpackaged == difference.directories == ()
    assert difference.boots == difference.kernel == ()
    which = "old" if turned else "new"
    packages, checks = (line for line in difference.unknown if which in line)
    assert packages == (
        f"The {which} manifest is of an image from elsewhere and does not tell packages,"
        " files of no package or sizes by directory."
    )
    assert checks == (f"The {which} build has not been checked: outcomes are not compared.")
    assert {"claims", "checks", "plan"} <= set(difference.parts)


def test_two_images_from_elsewhere_differ_though_nothing_is_known_of_their_packages() -> None:
    assert compare(adopted("1" * 64), adopted("1" * 64)).parts == ()
    other = adopted("2" * 64).model_copy(update={"inputs": "2" * 64})
    assert compare(adopted("1" * 64), other).parts == ("plan",)


def test_a_manifest_from_before_there_were_sizes_by_directory_and_kernels_is_compared() -> None:
    new = newer()
    old = older().model_copy(update={"directories": {}, "boots": tuple(boots(PLAN, "a" * 64, ""))})
    difference = compare(old, new)
    assert difference.directories == difference.kernel == ()
    assert difference.unknown == (
        "The old manifest is of an older version and does not tell sizes by directory.",
        "The old build's boots do not tell the kernel, nor its command line.",
    )
    assert "packages" in difference.parts


def test_a_build_that_was_not_booted_says_so() -> None:
    inspections = [result for result in complete(PLAN) if result.boot is None]
    new = newer().model_copy(update={"evidence": (), "boots": ()})
    inspected = older().model_copy(update={"evidence": tuple(inspections), "boots": ()})
    assert compare(inspected, new).unknown == (
        "The old build has not been booted: kernel and boot times are not compared.",
        "The new build has not been checked: outcomes are not compared.",
    )


@pytest.mark.parametrize(
    ("profile", "kind", "rest"),
    [
        ("rocky-9", "changed", ", and nothing orders the versions of their packages"),
        ("ubuntu-24.04", "up", ""),
    ],
)
def test_builds_of_different_distributions_are_compared(profile: str, kind: str, rest: str) -> None:
    other = plan(profile)
    new = manifest(other, packages=(package("bash", "5.3-1"),))
    old = manifest(PLAN, packages=(package("bash", "5.2-1"),))
    difference = compare(old, new)
    assert [change.kind for change in difference.packages] == [kind]
    assert (
        f"The builds are of different distributions, debian-12 and {profile}{rest}."
        in difference.unknown
    )
    assert Change("distribution.name", "debian-12", profile) in difference.plan
