"""What images are for, in a real Glance: one generic image, old ones, and SCS' rules for all."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from localcloud import LocalCloud
from publishing import Command, Done, current, images
from smallbuild import small_build

pytestmark = pytest.mark.openstack

NAME = "Debian 12 of the vendor"
GENERIC = {
    "name": NAME,
    "visibility": "public",
    "os_purpose": "generic",
    "image_source": "https://cloud.debian.org/images/cloud/bookworm/latest/x.qcow2",
    "replace_frequency": "weekly",
    "tags": ["managed_by_example"],
}


def build(guest_image: Command, days: int, **settings: Any) -> Path:
    publish = {**GENERIC, **settings}
    age = timedelta(days=days)
    return small_build(guest_image.dist, age=age, publish=publish, features={"rng": {}})


def audit(guest_image: Command, *words: str) -> Done:
    return guest_image("audit", "--cloud", "local", "--output", guest_image.dist, *words)


def purposes(cloud: LocalCloud) -> dict[str, tuple[str, bool]]:
    return {image.guest_image_build: (image.os_purpose, image.os_hidden) for image in images(cloud)}


def test_a_generic_image_is_an_old_one_when_it_is_replaced_and_generic_when_it_comes_back(
    cloud: LocalCloud, guest_image: Command
) -> None:
    older, newer = build(guest_image, 2), build(guest_image, 1)
    assert guest_image("publish", older, "--cloud", "local").status == 0
    done = guest_image("publish", newer, "--cloud", "local")
    assert done.status == 0, done.err
    assert purposes(cloud) == {
        older.name: ("oldgeneric", True), newer.name: ("generic", False),
    }  # fmt: skip
    assert audit(guest_image).status == 0
    checked = guest_image("check", "scs", "--cloud", "local")
    assert (checked.status, checked.out.count("keeps to SCS-0102")) == (0, 2), checked.out

    assert guest_image("rollback", "pinned-scsi", "--cloud", "local").status == 0
    assert purposes(cloud) == {
        older.name: ("generic", False), newer.name: ("oldgeneric", True),
    }  # fmt: skip
    assert audit(guest_image).status == 0


def test_an_image_that_should_be_an_old_one_is_found_and_repaired(
    cloud: LocalCloud, guest_image: Command
) -> None:
    older, newer = build(guest_image, 2), build(guest_image, 1)
    for directory in (older, newer):
        guest_image("publish", directory, "--cloud", "local")
    (old,) = (image for image in images(cloud) if image.os_hidden)
    cloud.client().images.update(old.id, os_purpose="generic", os_hidden=False, name="mine")
    checked = guest_image("check", "scs", "--cloud", "local", "--json")
    shortfalls = [
        (image["name"], shortfall["subject"])
        for image in json.loads(checked.out)["images"]
        for shortfall in image["shortfalls"]
        if shortfall["level"] == "must"
    ]
    assert checked.status == 1
    assert sorted(shortfalls) == [(NAME, "os_purpose"), ("mine", "os_purpose")]
    drift = audit(guest_image)
    assert (drift.status, "~ os_purpose: generic -> oldgeneric" in drift.out) == (1, True)
    assert audit(guest_image, "--repair").status == 0
    assert purposes(cloud)[older.name] == ("oldgeneric", True)
    assert guest_image("check", "scs", "--cloud", "local").status == 0


def test_a_second_generic_image_is_refused_before_anything_is_sent(
    cloud: LocalCloud, guest_image: Command
) -> None:
    stranger = cloud.client("partner").images.create(
        name="theirs", disk_format="raw", container_format="bare", os_purpose="generic",
        os_distro="debian", os_version="12", architecture="x86_64",
    )  # fmt: skip
    cloud.client().images.update(stranger.id, visibility="public")
    directory = build(guest_image, 1)
    for words in ((), ("--dry-run",)):
        done = guest_image("publish", directory, "--cloud", "local", *words)
        assert done.status == 5
        assert f"{stranger.id} is called 'theirs'." in done.err
    assert [image.id for image in images(cloud)] == [stranger.id]
    cloud.client().images.update(stranger.id, os_purpose="oldgeneric")
    assert guest_image("publish", directory, "--cloud", "local").status == 0
    assert current(cloud, public=NAME).os_purpose == "generic"


def test_what_is_built_here_is_custom_and_an_image_that_falls_short_is_told(
    cloud: LocalCloud, guest_image: Command
) -> None:
    settings = {"os_purpose": "custom", "name": "Debian 12", "image_source": "private"}
    directory = build(guest_image, 1, **settings)
    assert guest_image("check", "scs", directory).status == 1
    assert guest_image("publish", directory, "--cloud", "local").status == 0
    image = current(cloud, public="Debian 12")
    assert image.os_purpose == "custom"
    checked = guest_image("check", "scs", "--cloud", "local")
    assert checked.status == 1
    (line,) = (line for line in checked.out.splitlines() if line.startswith("  must "))
    assert "https://cloud.debian.org/images/cloud/bookworm/…" in line
    assert image.id in checked.out


def test_a_cloud_that_cannot_be_asked_is_told(cloud: LocalCloud, guest_image: Command) -> None:
    assert guest_image("check", "scs", "--cloud", "wrong-password").status == 5
    empty = guest_image("check", "scs", "--cloud", "local")
    assert (empty.status, "no image to judge" in empty.out) == (0, True)
