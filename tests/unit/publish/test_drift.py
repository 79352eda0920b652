"""What an audit finds, and what repairs it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cloud_images import NAME, changed, day, image
from samples import complete, manifest, plan
from terminals import plain

from builder.publish.cloud.image import (
    BUILD,
    IDENTITY,
    NOTES,
    PROFILE,
    PUBLISHER,
    REPLACED_AT,
    REPLACED_BY,
    CloudImage,
)
from builder.publish.cloud.image import NAME as PUBLIC_NAME
from builder.publish.drift import (
    Finding,
    Place,
    Record,
    Sharing,
    concerned,
    findings,
    recorded_images,
    unjudged,
)
from builder.publish.listing import listing_json, listing_text, state
from builder.store.sections import ImageFile, Published

PLAN = plan("pinned-scsi")
OLD = image(
    "old",
    1,
    name=f"{NAME} 20260102T120000Z",
    hidden=True,
    properties={PUBLIC_NAME: NAME, REPLACED_BY: "new", REPLACED_AT: "2026-01-03T00:00:00Z"},
)
NEW = image("new", 2, properties={PUBLIC_NAME: NAME})
HERE = Place("prod", "http://glance", "project")


def told(image: CloudImage, at: int, **fields: Any) -> Published:
    return Published(
        **{
            "cloud": "prod",
            "endpoint": "http://glance",
            "project": image.owner,
            "image": image.id,
            "name": NAME,
            "visibility": image.visibility,
            "members": (),
            "protected": False,
            "tags": tuple(image.tags),
            "min_disk": image.min_disk,
            "min_ram": image.min_ram,
            "properties": {
                key: value for key, value in image.properties.items() if key not in NOTES
            },
            "on_inspection": (),
            "dropped": (),
            "at": day(at),
            **fields,
        }
    )


def records(**fields: Any) -> dict[str, Record]:
    file = ImageFile(
        name="image.qcow2",
        format="qcow2",
        size=100,
        virtual_size=1 << 30,
        sha256="a" * 64,
        sha512="d" * 128,
    )
    builds = [
        manifest(
            PLAN,
            build=image.build,
            created=day(at),
            image=file,
            evidence=complete(PLAN),
            published=(told(image, at, **fields),),
        )
        for image, at in ((OLD, 1), (NEW, 2))
    ]
    return recorded_images(builds, [], HERE)


def audit(*images: CloudImage, **fields: Any) -> list[Finding]:
    return findings(images, records(**fields), {}, now=day(9))


def repaired(*images: CloudImage) -> list[CloudImage]:
    after = list(images)
    for finding in audit(*images):
        for change in finding.changes:
            after = changed(after, change)
    return after


def test_nothing_is_found_where_nothing_has_changed() -> None:
    assert audit(OLD, NEW) == []


def test_a_rollback_is_no_drift() -> None:
    properties = dict(image("old", 1).properties)
    back = replace(OLD, name=NAME, hidden=False, properties=properties)
    replaced = replace(NEW, name=f"{NAME} 20260103T120000Z", hidden=True)
    assert audit(back, replaced) == []


def generic(purpose: str = "generic") -> dict[str, Record]:
    """The records of images that were published as generic ones, or for what else."""
    return {
        image_id: replace(
            record,
            published=record.published.model_copy(
                update={"properties": {**record.published.properties, "os_purpose": purpose}}
            ),
        )
        for image_id, record in records().items()
    }


def purposed(image: CloudImage, purpose: str) -> CloudImage:
    return replace(image, properties={**image.properties, "os_purpose": purpose})


@pytest.mark.parametrize(
    ("told_of", "old", "new", "lines"),
    [
        ("generic", "oldgeneric", "generic", []),
        ("custom", "custom", "custom", []),
        ("generic", "generic", "generic", ["~ os_purpose: generic -> oldgeneric"]),
        ("generic", "oldgeneric", "oldgeneric", ["~ os_purpose: oldgeneric -> generic"]),
        ("custom", "oldgeneric", "custom", ["~ os_purpose: oldgeneric -> custom"]),
    ],
)
def test_a_generic_image_is_an_old_one_when_it_was_replaced(
    told_of: str, old: str, new: str, lines: list[str]
) -> None:
    images = [purposed(OLD, old), purposed(NEW, new)]
    found = findings(images, generic(told_of), {}, now=day(9))
    assert [image.lines[0] for image in found if image.lines[0].startswith("~ os_purpose")] == lines
    for finding in found:
        for change in finding.changes:
            images = changed(images, change)
    assert findings(images, generic(told_of), {}, now=day(9)) == []


def test_an_old_generic_image_that_gets_its_name_back_is_generic_again() -> None:
    images = [purposed(OLD, "oldgeneric")]
    for finding in findings(images, generic(), {}, now=day(9)):
        for change in finding.changes:
            images = changed(images, change)
    assert [(image.name, image.properties["os_purpose"]) for image in images] == [(NAME, "generic")]


def test_other_properties_are_shown_and_set_back() -> None:
    drifted = replace(NEW, properties={**NEW.properties, BUILD: "x", "extra": "1"})
    (finding,) = audit(OLD, drifted)
    assert finding.lines == ("- extra=1", "~ guest_image_build: x -> build-2")
    assert repaired(OLD, drifted) == [OLD, NEW]


def test_another_visibility_is_shown_and_set_back() -> None:
    hidden = replace(NEW, visibility="private")
    assert audit(OLD, hidden)[0].lines == ("~ visibility: private -> public",)
    assert repaired(OLD, hidden) == [OLD, NEW]


def test_other_data_is_shown_and_cannot_be_repaired() -> None:
    (finding,) = audit(OLD, replace(NEW, hash_value="e" * 128))
    assert finding.lines[0].startswith("~ hash: eee")
    assert (finding.drift, finding.changes) == (True, ())


def test_members_are_compared() -> None:
    shared = [replace(image, visibility="shared") for image in (OLD, NEW)]
    fields = {"visibility": "shared", "members": ("a", "b")}
    found = findings(shared, records(**fields), {"new": ["a"], "old": ["a", "b"]}, now=day(9))
    assert [finding.lines for finding in found] == [("~ members: a -> a, b",)]
    assert found[0].sharings == (Sharing("new", "b", wanted=True),)


def test_an_image_that_is_shared_no_longer_is_shared_again() -> None:
    fields = {"visibility": "shared", "members": ("a",)}
    old, new = replace(OLD, visibility="shared"), replace(NEW, visibility="private")
    found = findings([old, new], records(**fields), {"old": ["a"]}, now=day(9))
    assert [sharing.reason for sharing in found[0].sharings] == ["share new with a"]
    assert found[0].changes[0].attributes == {"visibility": "shared"}


def test_a_replaced_image_that_is_visible_again_is_hidden() -> None:
    visible = replace(OLD, hidden=False)
    assert len(audit(visible, NEW)) == 1
    assert [image.hidden for image in repaired(visible, NEW)] == [True, False]


def test_a_name_without_an_image_is_given_to_the_latest() -> None:
    images = repaired(OLD, replace(NEW, name="other", hidden=True))
    assert [(image.id, image.name, image.hidden) for image in images] == [
        ("old", OLD.name, True),
        ("new", NAME, False),
    ]


def test_of_two_images_of_one_name_the_latest_keeps_it() -> None:
    images = repaired(replace(OLD, name=NAME, hidden=False), NEW)
    assert [(image.name == NAME, image.hidden) for image in images] == [
        (False, True),
        (True, False),
    ]


def test_an_image_that_is_gone_is_told() -> None:
    (finding,) = audit(OLD, *[])[:1]
    assert finding.lines == ("- image new of build build-2: it is gone",)


def test_a_replaced_image_that_is_gone_is_no_drift() -> None:
    assert audit(NEW) == []


def test_drafts_and_unknown_images_are_named_and_not_judged() -> None:
    draft = image("draft", 3, name="x", hidden=True, properties={PUBLISHER: "p"})
    stranger = image("stranger", 0, name="y", hidden=True, properties={PUBLIC_NAME: NAME})
    found = audit(OLD, NEW, draft, stranger)
    assert [(finding.subject, finding.drift) for finding in found] == [
        ("draft x", False),
        ("stranger y", False),
    ]


def test_another_image_of_a_name_is_told_and_gives_it_up() -> None:
    foreign = replace(image("made"), properties={})
    looked = concerned([OLD, NEW, foreign, replace(foreign, id="other", name="other")], records())
    assert [image.id for image in looked] == ["old", "new", "made"]
    (finding,) = audit(*looked)
    assert finding.lines[0] == "made has the name, and was not published by guest-image"
    assert [(image.id, image.name == NAME, image.hidden) for image in repaired(*looked)] == [
        ("old", False, True),
        ("new", True, False),
        ("made", False, True),
    ]


@pytest.mark.parametrize(("note", "value"), [(PROFILE, NAME), (IDENTITY, "new")])
def test_an_image_that_no_longer_says_that_it_is_ours_is_not_gone(note: str, value: str) -> None:
    forgot = replace(NEW, properties={k: v for k, v in NEW.properties.items() if k != note})
    looked = concerned([OLD, forgot], records())
    (finding,) = audit(*looked)
    assert finding.lines == (f"+ {note}={value}",)
    assert repaired(*looked) == [OLD, NEW]


def test_a_hash_that_the_manifest_lacks_is_not_compared_and_that_is_said() -> None:
    other = replace(NEW, hash_algorithm="sha384", hash_value="e" * 96)
    (finding,) = audit(OLD, other)
    assert finding.lines == ("the manifest has no sha384 hash: the data was not compared",)
    assert not finding.drift


# ---- which manifests tell of the cloud


def test_a_manifest_of_another_cloud_is_not_asked() -> None:
    build = manifest(PLAN, build="other", published=(told(NEW, 2, endpoint="http://other"),))
    there = replace(NEW, hash_value="e" * 128)
    assert recorded_images([build], [there], HERE) == {}


def test_a_manifest_of_another_project_is_not_asked() -> None:
    build = manifest(PLAN, build=NEW.build, published=(told(NEW, 2, project="theirs"),))
    assert recorded_images([build], [NEW], HERE) == {}


def test_a_cloud_is_known_by_another_address() -> None:
    build = manifest(PLAN, build=NEW.build, published=(told(NEW, 2, endpoint="http://old"),))
    assert list(recorded_images([build], [NEW], HERE)) == ["new"]
    assert recorded_images([build], [], HERE) == {}


def test_what_was_published_at_this_address_counts_more() -> None:
    records = (told(NEW, 3), told(NEW, 2, endpoint="http://other", visibility="private"))
    build = manifest(PLAN, build=NEW.build, published=records)
    assert recorded_images([build], [NEW], HERE)["new"].published.visibility == "public"


def test_an_audit_that_could_compare_nothing_says_so() -> None:
    build = manifest(PLAN, published=(told(NEW, 2, endpoint="http://old"),))
    finding = unjudged([build], {}, HERE)
    assert finding is not None
    assert finding.drift
    assert finding.lines == (
        "nothing was compared: this is project project at http://glance",
        "the manifests tell of project project at http://old",
    )
    assert unjudged([build], records(), HERE) is None
    assert unjudged([build], {}, replace(HERE, cloud="never-published-to")) is None


# ---- the list


def test_the_list_has_the_newest_first() -> None:
    lines = plain(listing_text([OLD, NEW])).splitlines()
    assert [line.split()[1] for line in lines] == ["state", "current", "replaced"]
    assert [row["id"] for row in listing_json([OLD, NEW])] == ["new", "old"]


def test_the_state_tells_what_an_image_is() -> None:
    draft = image("draft", 3, properties={PUBLISHER: "p"})
    renamed = replace(NEW, name="other")
    assert [state(image) for image in (NEW, OLD, draft, renamed)] == [
        "current",
        "replaced",
        "unfinished",
        "renamed",
    ]


def test_times_are_compared_by_the_clouds_clock() -> None:
    assert findings([OLD, NEW], records(), {}, now=day(9) + timedelta(days=999)) == []


def test_an_image_that_was_sent_in_another_format_is_held_against_that() -> None:
    raw = {"sent_as": "raw", "disk_format": "raw", "size": 2 << 30, "hashes": {"sha512": "e" * 128}}
    as_sent = {"disk_format": "raw", "size": 2 << 30, "hash_value": "e" * 128}
    old, new = (replace(image, **as_sent) for image in (OLD, NEW))
    assert audit(old, new, data=raw) == []
    (finding,) = audit(old, replace(new, hash_value="f" * 128), data=raw)
    assert finding.drift
    assert [line.split(":")[0] for line in finding.lines] == ["~ hash"]


def test_an_image_that_the_cloud_has_converted_is_told_and_is_no_drift() -> None:
    raw = {
        "sent_as": "qcow2", "disk_format": "raw", "size": 2 << 30, "hashes": {"sha512": "e" * 128},
    }  # fmt: skip
    as_made = {"disk_format": "raw", "size": 2 << 30, "hash_value": "e" * 128}
    found = audit(*(replace(image, **as_made) for image in (OLD, NEW)), data=raw)
    assert [finding.drift for finding in found] == [False, False]
    assert "the cloud has made raw of the qcow2" in found[0].lines[0]
    again = {**as_made, "disk_format": "qcow2"}
    assert any(finding.drift for finding in audit(OLD, replace(NEW, **again), data=raw))
