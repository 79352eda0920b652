"""The public name goes from one image to the next, and a crash in between is repaired."""

from datetime import timedelta
from itertools import product

import pytest
from cloud_images import NAME, changed, day, image

from builder.errors import BuilderError
from builder.publish.image import PUBLISHER, REPLACED_AT, REPLACED_BY, CloudImage
from builder.publish.release import Terms, current, holders, previous, superfluous, switch

PUBLIC = Terms(NAME, "public", protected=True)


def draft(image_id: str, built: int) -> CloudImage:
    return image(
        image_id,
        built,
        name=f"{NAME} (being published)",
        hidden=True,
        visibility="private",
        properties={PUBLISHER: "somebody"},
    )


def replaced(image_id: str, built: int, at: int, **properties: str) -> CloudImage:
    return image(
        image_id,
        built,
        name=f"{NAME} {built}",
        hidden=True,
        properties={REPLACED_AT: f"{day(at):%Y-%m-%dT%H:%M:%SZ}", **properties},
    )


def found(images: list[CloudImage]) -> str | None:
    """Whom openstacksdk finds by the name: visible images first, then hidden ones."""
    having = [one for one in images if one.name == NAME]
    answering = [one for one in having if not one.hidden] or having
    assert len(answering) <= 1, "the name is ambiguous"
    return answering[0].id if answering else None


def test_the_first_image_takes_the_name_in_one_request() -> None:
    new = draft("new", 1)
    (change,) = switch([new], new, PUBLIC, now=day(1))
    (after,) = changed([new], change)
    assert (after.name, after.hidden, after.visibility, after.protected) == (
        NAME, False, "public", True,
    )  # fmt: skip
    assert after.published


def test_the_replaced_image_is_hidden_first_and_renamed_last() -> None:
    images = [image("old", 0, protected=True), draft("new", 1)]
    changes = switch(images, images[1], PUBLIC, now=day(1))
    assert [one.image for one in changes] == ["old", "new", "old"]
    for change in changes:
        images = changed(images, change)
    old, new = images
    assert (old.name, old.hidden, old.protected) == (f"{NAME} 20260101T120000Z", True, False)
    assert (old.visibility, old.properties[REPLACED_BY]) == ("public", "new")
    assert (new.name, new.hidden) == (NAME, False)


def test_nothing_is_to_do_when_it_is_done() -> None:
    only = image("only", 0, protected=True)
    assert switch([only], only, PUBLIC, now=day(1)) == []


def test_a_protection_that_the_profile_does_not_ask_for_is_left_alone() -> None:
    images = [image("old", 0, protected=True), draft("new", 1)]
    changes = switch(images, images[1], Terms(NAME, "public", protected=False), now=day(1))
    assert "protected" not in changes[-1].attributes


@pytest.mark.parametrize("steps_until_killed", list(product(range(3), range(3))))
def test_exactly_one_image_answers_at_every_instant_whenever_it_is_killed(
    steps_until_killed: tuple[int, int],
) -> None:
    images = [image("old", 0), draft("new", 1)]
    answers = [found(images)]
    for steps in (*steps_until_killed, 3):
        target = next(one for one in images if one.id == "new")
        for change in switch(images, target, PUBLIC, now=day(1))[:steps]:
            images = changed(images, change)
            answers.append(found(images))
    assert set(answers) == {"old", "new"}
    assert answers == sorted(answers, reverse=True), "the name goes over once"
    assert [one.id for one in holders(images, NAME)] == ["new"]


@pytest.mark.parametrize("steps_until_killed", [(0, 0), (1, 0), (2, 0), (1, 1), (0, 2)])
def test_a_rollback_that_is_killed_and_repeated_goes_back_one_step_only(
    steps_until_killed: tuple[int, int],
) -> None:
    images = [replaced("a", 0, 1), replaced("b", 1, 2), image("c", 2)]
    for steps in (*steps_until_killed, 3):
        target = previous(images, NAME, NAME)
        for change in switch(images, target, PUBLIC, now=day(3))[:steps]:
            images = changed(images, change)
            assert found(images) in {"b", "c"}
    assert found(images) == "b"
    assert len(holders(images, NAME)) == 1


def test_a_rollback_takes_the_newest_older_build() -> None:
    images = [replaced("a", 0, 1), replaced("b", 1, 2), image("c", 2), replaced("d", 3, 3)]
    assert previous(images, NAME, NAME).id == "b"


def test_a_rollback_takes_back_a_publication_that_was_killed_before_its_middle() -> None:
    images = [replaced("a", 0, 1), image("b", 1), draft("new", 2)]
    (first, *_) = switch(images, images[2], PUBLIC, now=day(2))
    images = changed(images, first)
    assert previous(images, NAME, NAME).id == "b"


def test_a_rollback_takes_back_a_publication_that_was_killed_after_its_middle() -> None:
    images = [replaced("a", 0, 1), image("b", 1), draft("new", 2)]
    for change in switch(images, images[2], PUBLIC, now=day(2))[:2]:
        images = changed(images, change)
    assert found(images) == "new"
    assert previous(images, NAME, NAME).id == "b"


def test_a_rollback_without_an_older_image_says_so() -> None:
    with pytest.raises(BuilderError, match="No older image of pinned-scsi"):
        previous([image("a", 0)], NAME, NAME)


def test_a_rollback_of_nothing_says_so() -> None:
    with pytest.raises(BuilderError, match="No image is called 'pinned-scsi'"):
        previous([], NAME, NAME)


def test_two_visible_images_of_one_name_are_no_current_one() -> None:
    with pytest.raises(BuilderError, match="2 images are called 'pinned-scsi'"):
        current([image("a", 0), image("b", 1)], NAME)


# ---- retention

KEPT = [image("now", 9), *(replaced(str(built), built, built + 1) for built in range(5))]


def deleted(
    images: list[CloudImage], last: int | None, days: int | None, *, today: int = 10
) -> list[str]:
    gone = superfluous(
        images, NAME, NAME, keep_last=last, keep_days=days, now=day(today) + timedelta(hours=1)
    )
    return [one.id for one in gone]


def test_nothing_is_deleted_without_a_rule() -> None:
    assert deleted(KEPT, None, None) == []


def test_the_newest_replaced_images_stay() -> None:
    assert deleted(KEPT, 2, None) == ["2", "1", "0"]
    assert deleted(KEPT, 0, None) == ["4", "3", "2", "1", "0"]


def test_images_stay_for_days_after_they_were_replaced() -> None:
    assert deleted(KEPT, None, 8) == ["1", "0"]


def test_one_rule_is_enough_to_stay() -> None:
    assert deleted(KEPT, 4, 8) == ["0"]


@pytest.mark.parametrize(
    "kept",
    [
        replaced("x", 0, 1, uuid_validity="forever"),
        replaced("x", 0, 1, uuid_validity="2026-01-11"),
        image("x", 0, name="old", hidden=True, protected=True),
        image("x", 0, name="old"),
        image("x", 0, hidden=True),
        image("x", 0, name="old", hidden=True, properties={"guest_image_profile": "other"}),
        draft("x", 0),
    ],
    ids=["promised", "promised-until", "protected", "visible", "named", "foreign", "draft"],
)
def test_what_must_stay_is_not_deleted(kept: CloudImage) -> None:
    assert deleted([image("now", 9), kept], 0, 0) == []


def test_a_promise_ends_with_its_day() -> None:
    old = replaced("x", 0, 1, uuid_validity="2026-01-10")
    assert deleted([image("now", 9), old], 0, 0) == ["x"]
