"""What an audit finds, and what repairs it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from cloud_images import NAME, changed, day, image
from samples import complete, manifest, plan

from builder.manifest import ImageFile, Published
from builder.publish.audit import Finding, Known, findings, known_images
from builder.publish.image import BUILD, PUBLISHER, REPLACED_AT, REPLACED_BY, CloudImage
from builder.publish.image import NAME as PUBLIC_NAME
from builder.publish.listing import listing_json, listing_text, state

PLAN = plan("pinned-scsi")
OLD = image(
    "old",
    1,
    name=f"{NAME} 20260102T120000Z",
    hidden=True,
    properties={PUBLIC_NAME: NAME, REPLACED_BY: "new", REPLACED_AT: "2026-01-03T00:00:00Z"},
)
NEW = image("new", 2, properties={PUBLIC_NAME: NAME})
NOTES = {PUBLISHER, REPLACED_BY, REPLACED_AT}


def told(one: CloudImage, at: int, **fields: Any) -> Published:
    return Published(
        **{
            "cloud": "prod",
            "endpoint": "http://glance",
            "project": one.owner,
            "image": one.id,
            "name": NAME,
            "visibility": one.visibility,
            "members": (),
            "protected": False,
            "tags": tuple(one.tags),
            "min_disk": one.min_disk,
            "min_ram": one.min_ram,
            "properties": {key: value for key, value in one.properties.items() if key not in NOTES},
            "on_inspection": (),
            "dropped": (),
            "at": day(at),
            **fields,
        }
    )


def known(**fields: Any) -> dict[str, Known]:
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
            build=one.build,
            created=day(at),
            image=file,
            evidence=complete(PLAN),
            published=(told(one, at, **fields),),
        )
        for one, at in ((OLD, 1), (NEW, 2))
    ]
    return known_images(builds, "http://glance")


def audit(*images: CloudImage, **fields: Any) -> list[Finding]:
    return findings(images, known(**fields), {}, now=day(9))


def repaired(*images: CloudImage) -> list[CloudImage]:
    after = list(images)
    for finding in audit(*images):
        for change in finding.changes:
            after = changed(after, change)
    return after


def test_nothing_is_found_where_nothing_has_changed() -> None:
    assert audit(OLD, NEW) == []


def test_a_rollback_is_no_drift() -> None:
    properties = {key: value for key, value in OLD.properties.items() if key not in NOTES}
    back = replace(OLD, name=NAME, hidden=False, properties=properties)
    replaced = replace(NEW, name=f"{NAME} 20260103T120000Z", hidden=True)
    assert audit(back, replaced) == []


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
    shared = [replace(one, visibility="shared") for one in (OLD, NEW)]
    fields = {"visibility": "shared", "members": ("a", "b")}
    found = findings(shared, known(**fields), {"new": ["a"], "old": ["a", "b"]}, now=day(9))
    assert [one.lines for one in found] == [("~ members: a -> a, b",)]


def test_a_replaced_image_that_is_visible_again_is_hidden() -> None:
    visible = replace(OLD, hidden=False)
    assert len(audit(visible, NEW)) == 1
    assert [one.hidden for one in repaired(visible, NEW)] == [True, False]


def test_a_name_without_an_image_is_given_to_the_latest() -> None:
    images = repaired(OLD, replace(NEW, name="other", hidden=True))
    assert [(one.id, one.name, one.hidden) for one in images] == [
        ("old", OLD.name, True),
        ("new", NAME, False),
    ]


def test_of_two_images_of_one_name_the_latest_keeps_it() -> None:
    images = repaired(replace(OLD, name=NAME, hidden=False), NEW)
    assert [(one.name == NAME, one.hidden) for one in images] == [(False, True), (True, False)]


def test_an_image_that_is_gone_is_told() -> None:
    (finding,) = audit(OLD, *[])[:1]
    assert finding.lines == ("- image new of build build-2: it is gone",)


def test_a_replaced_image_that_is_gone_is_no_drift() -> None:
    assert audit(NEW) == []


def test_drafts_and_unknown_images_are_named_and_not_judged() -> None:
    draft = image("draft", 3, name="x", hidden=True, properties={PUBLISHER: "p"})
    stranger = image("stranger", 0, name="y", hidden=True, properties={PUBLIC_NAME: NAME})
    found = audit(OLD, NEW, draft, stranger)
    assert [(one.subject, one.drift) for one in found] == [
        ("draft x", False),
        ("stranger y", False),
    ]


def test_a_manifest_of_another_cloud_is_not_asked() -> None:
    build = manifest(PLAN, published=(told(NEW, 2, endpoint="http://other"),))
    assert known_images([build], "http://glance") == {}


# ---- the list


def test_the_list_has_the_newest_first() -> None:
    lines = listing_text([OLD, NEW]).splitlines()
    assert [line.split()[1] for line in lines] == ["state", "current", "replaced"]
    assert [one["id"] for one in listing_json([OLD, NEW])] == ["new", "old"]


def test_the_state_tells_what_an_image_is() -> None:
    draft = image("draft", 3, properties={PUBLISHER: "p"})
    renamed = replace(NEW, name="other")
    assert [state(one) for one in (NEW, OLD, draft, renamed)] == [
        "current",
        "replaced",
        "unfinished",
        "renamed",
    ]


def test_times_are_compared_by_the_clouds_clock() -> None:
    assert findings([OLD, NEW], known(), {}, now=day(9) + timedelta(days=999)) == []
