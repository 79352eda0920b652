"""What the doctor tells of a real Glance: who may make which images, without making any."""

import json
from typing import Any

import pytest
from localcloud import LocalCloud
from publishing import Command, images

pytestmark = pytest.mark.openstack


@pytest.fixture
def cloud_with_image(cloud: LocalCloud) -> LocalCloud:
    """A cloud in which everybody sees an image."""
    cloud.client().images.create(
        name="seen", visibility="public", disk_format="raw", container_format="bare"
    )
    return cloud


def asked(guest_image: Command, cloud: str, *words: str) -> dict[str, Any]:
    """The finding of a cloud."""
    done = guest_image("doctor", *words, "--cloud", cloud, "--output", guest_image.dist, "--json")
    assert "Traceback" not in done.err
    (found,) = (
        finding
        for finding in json.loads(done.out)["findings"]
        if finding["subject"] == f"cloud: {cloud}"
    )
    return dict(found)


@pytest.mark.parametrize(
    ("user", "state", "may"),
    [
        ("local", "good", {"private": True, "community": True, "public": True}),
        ("application", "good", {"private": True, "community": True, "public": True}),
        ("member", "good", {"private": True, "community": True, "public": False}),
        ("reader", "lacking", {"private": False, "community": False, "public": False}),
    ],
)
def test_each_user_is_told_what_glance_allows_and_no_image_is_made(
    cloud_with_image: LocalCloud,
    guest_image: Command,
    user: str,
    state: str,
    may: dict[str, bool],
) -> None:
    before = {image.id: image.updated_at for image in images(cloud_with_image)}
    found = asked(guest_image, user)
    assert (found["state"], found["facts"]["rights"]) == (state, may)
    assert found["facts"]["endpoint"] == cloud_with_image.glance.url
    assert {image.id: image.updated_at for image in images(cloud_with_image)} == before


def test_a_profile_that_wants_more_than_the_cloud_allows_lacks_it(
    cloud_with_image: LocalCloud, guest_image: Command
) -> None:
    guest_image.dist.mkdir(parents=True)
    profile = guest_image.dist / "mine.yaml"
    profile.write_text("extends: base\npublish: {visibility: public}\n")
    found = asked(guest_image, "member", str(profile))
    assert found["state"] == "lacking"
    assert found["seen"].endswith("forbidden public. They are to be public.")
    assert "visibility" in found["remedy"]
    assert asked(guest_image, "local", str(profile))["state"] == "good"


def test_without_any_image_the_rights_are_not_known(
    cloud: LocalCloud, guest_image: Command
) -> None:
    found = asked(guest_image, "member")
    assert found["state"] == "warning"
    assert set(found["facts"]["rights"].values()) == {None}
    assert images(cloud) == []


def test_a_wrong_password_is_told_and_not_shown(cloud: LocalCloud, guest_image: Command) -> None:
    found = asked(guest_image, "wrong-password")
    assert found["state"] == "lacking"
    assert "could not" in found["seen"]
    assert "credentials" in found["remedy"]
