"""The public name goes from one image to the next, and a crash in between is repaired."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from cloud_images import NAME, changed, day, image

from builder.errors import CloudError
from builder.publish.cloud.history import current, images_named, ours, previous, visible_replaced
from builder.publish.cloud.image import (
    IDENTITY,
    PUBLISHER,
    REPLACED_AT,
    REPLACED_BY,
    WITHDRAWN,
    CloudImage,
)
from builder.publish.cloud.image import NAME as PUBLIC_NAME
from builder.publish.rollout.retention import superfluous
from builder.publish.rollout.switch import TargetState, claim, release, switch

PUBLIC = TargetState(NAME, "public", protected=True)
BACK = TargetState(NAME, "public", protected=True, withdrawing=True)


def draft(image_id: str, built: int, **fields: Any) -> CloudImage:
    return image(
        image_id,
        built,
        **{
            "name": f"{NAME} (being published)",
            "hidden": True,
            "visibility": "private",
            "properties": {PUBLISHER: "somebody"},
            **fields,
        },
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
    having = [image for image in images if image.name == NAME]
    answering = [image for image in having if not image.hidden] or having
    assert len(answering) <= 1, "the name is ambiguous"
    return answering[0].id if answering else None


def test_the_first_image_takes_the_name_in_one_request() -> None:
    new = draft("new", 1, visibility="public")
    (change,) = switch([new], new, PUBLIC, now=day(1))
    (after,) = changed([new], change)
    assert (after.name, after.hidden, after.visibility, after.protected) == (
        NAME, False, "public", True,
    )  # fmt: skip
    assert after.published


def test_the_replaced_image_is_hidden_before_and_renamed_after() -> None:
    images = [image("old", 0, protected=True), draft("new", 1)]
    changes = switch(images, images[1], PUBLIC, now=day(1))
    assert [change.image for change in changes] == ["new", "old", "new", "old"]
    for change in changes:
        images = changed(images, change)
    old, new = images
    assert (old.name, old.hidden, old.protected) == (f"{NAME} 20260101T120000Z", True, False)
    assert (old.visibility, old.properties[REPLACED_BY]) == ("public", "new")
    assert (new.name, new.hidden) == (NAME, False)


def test_what_a_cloud_may_refuse_is_asked_before_anything_visible_changes() -> None:
    images = [image("old", 0), draft("new", 1)]
    first = switch(images, images[1], PUBLIC, now=day(1))[0]
    images = changed(images, first)
    assert (images[1].visibility, images[1].hidden, images[1].draft) == ("public", True, True)
    assert images[0] == image("old", 0)
    assert found(images) == "old"


def test_hiding_can_be_undone() -> None:
    before = image("old", 0, properties={REPLACED_AT: "then"})
    hide = switch([before, draft("new", 1)], draft("new", 1), BACK, now=day(1))[1]
    (after,) = changed([before], hide)
    assert after.hidden
    assert hide.undo is not None
    assert changed([after], hide.undo) == [before]


def test_a_renamed_image_is_hidden_even_if_somebody_has_shown_it_meanwhile() -> None:
    images = [image("old", 0), draft("new", 1)]
    for change in switch(images, images[1], PUBLIC, now=day(1))[:-1]:
        images = changed(images, change)
    raced = changed(images, switch([], images[0], PUBLIC, now=day(1))[-1])
    assert not raced[0].hidden
    last = switch(images, images[1], PUBLIC, now=day(1))[-1]
    assert changed(raced, last)[0].hidden


def test_a_replaced_image_notes_who_has_the_name_in_the_end() -> None:
    left = image("old", 0, hidden=True, properties={REPLACED_BY: "dead", REPLACED_AT: "then"})
    images = [left, draft("new", 1)]
    for change in switch(images, images[1], PUBLIC, now=day(5)):
        images = changed(images, change)
    assert images[0].properties[REPLACED_BY] == "new"
    assert images[0].properties[REPLACED_AT] == f"{day(5):%FT%TZ}"


def test_a_replaced_image_that_is_visible_is_hidden_again() -> None:
    shown = replace(replaced("a", 0, 1), name=f"{NAME} 20260101T120000Z", hidden=False)
    kept = replace(shown, name="of somebody's choice")
    images = [image("now", 1, protected=True), shown]
    assert visible_replaced(images, NAME, "now") == [shown]
    assert visible_replaced([images[0], kept], NAME, "now") == []
    (change,) = switch(images, images[0], PUBLIC, now=day(2))
    assert changed(images, change)[1].hidden


# ---- what is ours


def test_a_snapshot_of_a_server_is_no_image_of_ours_though_it_has_all_its_properties() -> None:
    published = image("now", 1)
    snapshot = image("snapshot", 1, name="backup", properties={IDENTITY: "now"})
    assert ours([published, snapshot], NAME) == [published]
    assert not snapshot.published
    assert not image("x", 1, properties={IDENTITY: "now", PUBLISHER: "p"}).draft
    assert deleted([published, replace(snapshot, hidden=True)], 0, 0) == []
    with pytest.raises(CloudError, match="No older image"):
        previous([published, replace(snapshot, created=day(0))], NAME, NAME)


def test_a_claimed_image_is_a_draft_and_is_given_back_as_it_was() -> None:
    before = replaced("a", 0, 1, **{REPLACED_BY: "b"})
    taken = claim(before, "me")
    assert set(taken.remove) == {REPLACED_BY, REPLACED_AT}, "of two, one finds them"
    (after,) = changed([before], taken)
    assert after.draft
    assert changed([after], release(before)) == [before]
    assert claim(draft("d", 0), "me").remove == (PUBLISHER,)


def test_nothing_is_to_do_when_it_is_done() -> None:
    only = image("only", 0, protected=True)
    assert switch([only], only, PUBLIC, now=day(1)) == []


def test_a_protection_that_the_profile_does_not_ask_for_is_left_alone() -> None:
    images = [image("old", 0, protected=True), draft("new", 1)]
    changes = switch(images, images[1], TargetState(NAME, "public", protected=False), now=day(1))
    assert "protected" not in changes[-1].attributes


@pytest.mark.parametrize("steps_until_killed", list(product(range(4), range(4))))
def test_exactly_one_image_answers_at_every_instant_whenever_it_is_killed(
    steps_until_killed: tuple[int, int],
) -> None:
    images = [image("old", 0), draft("new", 1)]
    answers = [found(images)]
    for steps in (*steps_until_killed, 4):
        target = next(image for image in images if image.id == "new")
        for change in switch(images, target, PUBLIC, now=day(1))[:steps]:
            images = changed(images, change)
            answers.append(found(images))
    assert set(answers) == {"old", "new"}
    assert answers == sorted(answers, reverse=True), "the name goes over once"
    assert [image.id for image in images_named(images, NAME)] == ["new"]


@pytest.mark.parametrize("steps_until_killed", [(0, 0), (1, 0), (2, 0), (1, 1), (0, 2)])
def test_a_rollback_that_is_killed_and_repeated_goes_back_one_step_only(
    steps_until_killed: tuple[int, int],
) -> None:
    images = [replaced("a", 0, 1), replaced("b", 1, 2), image("c", 2)]
    for steps in (*steps_until_killed, 3):
        target = previous(images, NAME, NAME)
        for change in switch(images, target, BACK, now=day(3))[:steps]:
            images = changed(images, change)
            assert found(images) in {"b", "c"}
    assert found(images) == "b"
    assert len(images_named(images, NAME)) == 1


def back(images: list[CloudImage]) -> list[CloudImage]:
    target = previous(images, NAME, NAME)
    for change in switch(images, target, BACK, now=day(20)):
        images = changed(images, change)
    return images


def after(images: list[CloudImage], target: str, at: int) -> list[CloudImage]:
    """The images after one of them was published on a day."""
    chosen = next(image for image in images if image.id == target)
    for change in switch(images, chosen, PUBLIC, now=day(at)):
        images = changed(images, change)
    return images


def test_a_rollback_goes_back_to_what_was_there_and_never_to_what_was_rolled_back() -> None:
    images = after([image("1", 1)], "1", 1)
    images = after([*images, draft("2", 2)], "2", 2)
    images = after([*images, draft("bad", 3)], "bad", 3)
    images = back(images)
    assert found(images) == "2"
    images = after([*images, draft("4", 4)], "4", 5)
    images = back(images)
    assert found(images) == "2"
    images = back(images)
    assert found(images) == "1"
    with pytest.raises(CloudError, match="No older image"):
        back(images)


def test_a_rollback_takes_back_an_older_build_that_was_published_over_a_newer() -> None:
    images = after([image("2", 2), draft("1", 1)], "1", 3)
    assert found(back(images)) == "2"


def test_what_was_rolled_back_and_published_again_comes_back_like_any_other() -> None:
    images = after([image("1", 1), draft("2", 2)], "2", 2)
    images = after(back(images), "2", 4)
    assert WITHDRAWN not in images[1].properties
    images = after([*images, draft("3", 3)], "3", 5)
    assert found(back(images)) == "2"


def test_a_rollback_stays_with_its_public_name() -> None:
    other = image("d12", 1, name="Debian 12", properties={PUBLIC_NAME: "Debian 12"})
    now = image("d13", 2, name="Debian 13", properties={PUBLIC_NAME: "Debian 13"})
    with pytest.raises(CloudError, match="No older image"):
        previous([other, now], NAME, "Debian 13")


def test_a_rollback_takes_the_newest_older_build_where_the_replaced_one_is_gone() -> None:
    images = [replaced("a", 0, 1), replaced("b", 1, 2), image("c", 2), replaced("d", 3, 3)]
    assert previous(images, NAME, NAME).id == "b"


@pytest.mark.parametrize(("steps", "answer"), [(2, "b"), (3, "new")], ids=["before", "after"])
def test_a_rollback_takes_back_a_publication_that_was_killed_before_or_after_its_middle(
    steps: int, answer: str
) -> None:
    images = [replaced("a", 0, 1), image("b", 1), draft("new", 2)]
    for change in switch(images, images[2], PUBLIC, now=day(2))[:steps]:
        images = changed(images, change)
    assert found(images) == answer
    assert previous(images, NAME, NAME).id == "b"


def test_a_rollback_without_an_older_image_says_so() -> None:
    with pytest.raises(CloudError, match="No older image of pinned-scsi"):
        previous([image("a", 0)], NAME, NAME)


def test_a_rollback_of_nothing_says_so() -> None:
    with pytest.raises(CloudError, match="No image is called 'pinned-scsi'"):
        previous([], NAME, NAME)


def test_two_visible_images_of_one_name_are_no_current_one() -> None:
    with pytest.raises(CloudError, match="2 images are called 'pinned-scsi'"):
        current([image("a", 0), image("b", 1)], NAME)


# ---- retention

KEPT = [image("now", 9), *(replaced(str(built), built, built + 1) for built in range(5))]


def deleted(
    images: list[CloudImage], last: int | None, days: int | None, *, today: int = 10
) -> list[str]:
    gone = superfluous(
        images, NAME, NAME, keep_last=last, keep_days=days, now=day(today) + timedelta(hours=1)
    )
    return [image.id for image in gone]


def test_nothing_is_deleted_without_a_rule() -> None:
    assert deleted(KEPT, None, None) == []


def test_the_images_that_were_replaced_latest_stay() -> None:
    images = [image("4", 4), replaced("3", 3, 4), replaced("2", 2, 5), replaced("1", 1, 2)]
    assert deleted(images, 1, None) == ["3", "1"]


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
        replaced("x", 0, 1, uuid_validity="last-1"),
        image("x", 0, name="Debian 12", hidden=True, properties={PUBLIC_NAME: "Debian 12"}),
        image("x", 0, name="old", hidden=True, protected=True),
        image("x", 0, name="old"),
        image("x", 0, hidden=True),
        image("x", 0, name="old", hidden=True, properties={"guest_image_profile": "other"}),
        draft("x", 0),
    ],
    ids=[
        "promised",
        "promised-until",
        "among-the-last",
        "other-name",
        "protected",
        "visible",
        "named",
        "foreign",
        "draft",
    ],
)
def test_what_must_stay_is_not_deleted(kept: CloudImage) -> None:
    assert deleted([image("now", 9), kept], 0, 0) == []


def test_a_promise_ends_with_its_day() -> None:
    old = replaced("x", 0, 1, uuid_validity="2026-01-10")
    assert deleted([image("now", 9), old], 0, 0) == ["x"]


def test_a_promise_for_the_last_images_ends_with_their_number() -> None:
    images = [replaced(str(built), built, built, uuid_validity="last-2") for built in range(4)]
    assert deleted([image("now", 9), *images], 0, None) == ["1", "0"]
