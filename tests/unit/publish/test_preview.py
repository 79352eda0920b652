"""What a dry run shows."""

from dataclasses import replace

from cloud_images import NAME, day, image, wanted_like

from builder.publish.cloud.image import PUBLISHER, CloudImage
from builder.publish.cloud.survey import Survey
from builder.publish.preview import preview
from builder.publish.rollout.retention import Retention

OLD = image("old", 1)
WANTED = wanted_like(image("new", 2), members=("partner",))
KEEP_ALL = Retention(None, None)


def lines(*images: CloudImage, retention: Retention = KEEP_ALL) -> list[str]:
    return preview(Survey(images, day(9)), WANTED, retention)


def test_the_first_publication_is_all_new() -> None:
    shown = lines()
    assert shown[0] == f"+ image '{NAME}' of build build-2, 0 MiB"
    assert "  + guest_image_build=build-2" in shown
    assert "  + members=partner" in shown
    assert "  + visibility=public" in shown


def test_a_new_build_is_a_difference_to_the_current_one() -> None:
    shown = lines(OLD)
    assert shown[0].endswith("instead of old")
    assert "  ~ guest_image_build: build-1 -> build-2" in shown
    assert not any("visibility" in line for line in shown)
    assert shown[-2:] == [
        "~ hide old, which is replaced",
        f"~ rename old to '{NAME} 20260102T120000Z'",
    ]


def test_what_retention_deletes_because_of_this_publication_is_shown() -> None:
    assert lines(OLD, retention=Retention(0, None))[-1] == (
        "- old of build build-1, as retention says"
    )
    assert not any("retention" in line for line in lines(OLD, retention=Retention(1, None)))
    assert not any("retention" in line for line in lines(OLD, retention=Retention(0, 1)))


def test_a_sound_draft_is_taken_up_and_another_one_deleted() -> None:
    draft = image("draft", 2, name="x", hidden=True, properties={PUBLISHER: "p"})
    cut = image(
        "cut", 2, name="x", hidden=True, status="queued", hash_value="", properties={PUBLISHER: "p"}
    )
    shown = lines(cut, draft, OLD)
    assert shown[:2] == [
        "- unfinished upload cut of build build-2",
        f"+ image '{NAME}' of build build-2, uploaded already as draft instead of old",
    ]


def test_members_that_come_and_go_are_shown() -> None:
    there = image("new", 2, visibility="shared")
    wanted = replace(WANTED, visibility="shared")
    shown = preview(Survey((there,), day(9)), wanted, KEEP_ALL, ["former"])
    assert shown == ["~ no longer share new with former", "~ share new with partner"]
    assert preview(Survey((there,), day(9)), wanted, KEEP_ALL, ["partner"]) == []


def test_nothing_is_shown_where_nothing_would_change() -> None:
    assert lines(image("new", 2)) == []


def test_changed_settings_are_shown_as_changes_of_the_image() -> None:
    there = image("new", 2, min_ram=512)
    assert lines(there) == [
        f"~ give new the name '{NAME}', visibility public",
        "  ~ min_ram: 512 -> 1024",
    ]


def test_unfinished_uploads_and_what_retention_deletes_are_shown() -> None:
    draft = image("draft", 2, name="x", hidden=True, properties={PUBLISHER: "p"})
    gone = replace(image("gone", 0), name="y", hidden=True)
    shown = lines(draft, gone, image("new", 2), retention=Retention(0, None))
    assert shown == [
        "- unfinished upload draft of build build-2",
        "- gone of build build-0, as retention says",
    ]
