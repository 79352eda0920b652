"""What is told of one build, and which names the newest builds answer to."""

from dataclasses import replace

import pytest
from listed import BASE, PINNED, entry, proven_build, published_as
from reports import record
from samples import OTHER_SHA256, observed

from builder.catalogue.entry import aliases, by_profile, file_name
from builder.feature import Grade


def test_an_entry_has_the_facts_of_its_build() -> None:
    found = entry(proven_build(packages=3, seconds=(24, 30)))
    assert (found.profile, found.build) == ("pinned-scsi", "20260102T030405Z-3f9c2a")
    assert found.distribution.name == "debian-12"
    assert found.packages == 3
    assert found.boots == {"tcg": 24}
    assert found.grades == {Grade.EXERCISED: len(PINNED.claims)}
    assert found.home == "images/pinned-scsi/20260102T030405Z-3f9c2a"


def test_grades_stand_strongest_first() -> None:
    build = proven_build()
    seen = observed("root-is-on-bus", "hw_disk_bus", sha256=build.image.sha256)
    grades = entry(build.with_observations([seen])).grades
    assert [*grades.items()] == [
        (Grade.OBSERVED, 1),
        (Grade.EXERCISED, len(PINNED.claims) - 1),
    ]


def test_boots_of_another_file_and_boots_without_a_login_tell_no_time() -> None:
    build = proven_build()
    (without, *_) = [boot.name for boot in PINNED.boots if not boot.login]
    boots = (record("bios", OTHER_SHA256), record(without, build.image.sha256))
    assert entry(build.model_copy(update={"boots": boots})).boots == {}


def test_what_the_manifest_does_not_list_is_not_known() -> None:
    assert entry(proven_build(packages=0)).packages is None


def test_builds_are_grouped_by_profile_newest_first() -> None:
    found = by_profile(
        [entry(proven_build(of, day)) for of, day in ((PINNED, 0), (BASE, 5), (PINNED, 3))]
    )
    assert [(name, [build.build[:8] for build in builds]) for name, builds in found.items()] == [
        ("base", ["20260107"]),
        ("pinned-scsi", ["20260105", "20260102"]),
    ]


def test_the_newest_build_has_its_profiles_name_and_its_public_one() -> None:
    of = published_as("Debian 12")
    old, new = entry(proven_build(of, 0)), entry(proven_build(of, 1))
    assert aliases([new, old]) == {"Debian-12": new, "pinned-scsi": new}


def test_a_public_name_of_two_profiles_is_that_of_the_newest_build() -> None:
    first = entry(proven_build(published_as("debian"), 0))
    second = entry(proven_build(published_as("debian", BASE), 1))
    assert aliases([second, first])["debian"] == second


def test_a_profile_keeps_its_own_name_against_a_public_one() -> None:
    base = entry(proven_build(BASE, 0))
    other = entry(proven_build(published_as("base"), 1))
    assert aliases([base, other])["base"] == base


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Debian 12", "Debian-12"),
        ("debian-12", "debian-12"),
        ("../../etc/passwd", "etc-passwd"),
        (".hidden", "hidden"),
        ("Übung (täglich)", "bung-t-glich"),
        ("…", ""),
        ("..", ""),
    ],
)
def test_a_public_name_is_the_name_of_a_file(name: str, file: str) -> None:
    assert file_name(name) == file


def test_a_name_without_any_such_character_is_no_alias() -> None:
    assert [*aliases([entry(proven_build(published_as("…")))])] == ["pinned-scsi"]


def test_an_address_is_quoted() -> None:
    odd = entry(proven_build(replace(PINNED, profile="adopted 1#2")))
    assert odd.home.startswith("images/adopted%201%232/")
    assert odd.address_of(odd.image, "https://x/").startswith("https://x/adopted%201%232/")
