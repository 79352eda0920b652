"""A generic image becomes an old one when it is replaced, and generic again when it comes back."""

from dataclasses import replace

import pytest
from cloud_images import NAME, changed, day, image

from builder.publish.cloud.history import previous
from builder.publish.cloud.image import CloudImage
from builder.publish.cloud.names import dated
from builder.publish.rollout.switch import TargetState, switch

PUBLIC = TargetState(NAME, "public", protected=True)
BACK = TargetState(NAME, "public", protected=True, withdrawing=True)


def of(purpose: str, image_id: str, built: int) -> CloudImage:
    return image(image_id, built, properties={"os_purpose": purpose})


def waiting(purpose: str, image_id: str, built: int) -> CloudImage:
    """An image that is ready to take the name."""
    return replace(of(purpose, image_id, built), name="x", hidden=True, visibility="private")


def purposes(images: list[CloudImage]) -> dict[str, str]:
    return {image.id: image.properties["os_purpose"] for image in images}


def after(
    images: list[CloudImage], target: str, terms: TargetState = PUBLIC, steps: int = 99
) -> list[CloudImage]:
    chosen = next(image for image in images if image.id == target)
    for change in switch(images, chosen, terms, now=day(3))[:steps]:
        images = changed(images, change)
        found = [
            image.id
            for image in images
            if not image.hidden and purposes([image])[image.id] == GENERIC
        ]
        assert len(found) <= 1, "users find one generic image"
    return images


GENERIC, OLD = "generic", "oldgeneric"
TWO = [of(GENERIC, "a", 1), waiting(GENERIC, "b", 2)]


def test_what_is_replaced_is_an_old_one() -> None:
    assert purposes(after(TWO, "b")) == {"a": OLD, "b": GENERIC}


def test_the_log_tells_it() -> None:
    *_, renaming = switch(TWO, TWO[1], PUBLIC, now=day(3))
    assert renaming.reason == f"rename a to '{dated(NAME, day(1))}', os_purpose=oldgeneric"


@pytest.mark.parametrize("purpose", ["custom", "minimal", "k8snode", OLD])
def test_other_purposes_stay_what_they_are(purpose: str) -> None:
    images = [of(purpose, "a", 1), waiting("custom", "b", 2)]
    assert purposes(after(images, "b")) == {"a": purpose, "b": "custom"}


@pytest.mark.parametrize("steps", range(5))
def test_a_switch_that_was_killed_ends_the_same(steps: int) -> None:
    assert purposes(after(after(TWO, "b", steps=steps), "b")) == {"a": OLD, "b": GENERIC}


@pytest.mark.parametrize("steps", range(3))
def test_a_rollback_makes_it_generic_again(steps: int) -> None:
    images = after(TWO, "b")
    for last in (steps, 99):
        images = after(images, previous(images, NAME, NAME).id, BACK, steps=last)
    assert purposes(images) == {"a": GENERIC, "b": OLD}


def test_a_switch_that_is_taken_back_leaves_it_generic() -> None:
    hide = next(change for change in switch(TWO, TWO[1], PUBLIC, now=day(3)) if change.undo)
    assert hide.undo is not None
    images = changed(changed(TWO, hide), hide.undo)
    assert purposes(images) == {"a": GENERIC, "b": GENERIC}
    assert [image.hidden for image in images] == [False, True]


def test_a_replaced_image_that_is_visible_again_is_hidden_as_an_old_one() -> None:
    shown = replace(of(GENERIC, "a", 1), name=dated(NAME, day(1)))
    images = after([shown, of("custom", "b", 2)], "b")
    assert purposes(images) == {"a": OLD, "b": "custom"}


def test_one_that_its_owner_shows_under_another_name_stays_an_old_one() -> None:
    images = after(TWO, "b")
    shown = [replace(images[0], name="Debian 12 of May", hidden=False), images[1]]
    assert purposes(after([*shown, waiting(GENERIC, "c", 3)], "c")) == {
        "a": OLD, "b": OLD, "c": GENERIC,
    }  # fmt: skip


def test_what_the_profile_says_by_now_counts_more() -> None:
    images = after(TWO, "b")
    terms = TargetState(NAME, "public", protected=True, attributes={"os_purpose": "minimal"})
    assert purposes(after(images, "a", terms)) == {"a": "minimal", "b": OLD}
