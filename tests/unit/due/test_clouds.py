from dataclasses import replace
from datetime import datetime
from typing import Any

from cloud_images import NAME, START, day, image
from samples import manifest, plan

from builder.due.clouds import cloud_reasons
from builder.due.judgement import Reason
from builder.profile.publication import Publication
from builder.publish.audit import Seen
from builder.publish.cloud.image import PUBLISHER, WITHDRAWN, CloudImage
from builder.publish.drift import Finding, Place

PLAN = plan(NAME)
LATEST = manifest(PLAN, build="build-3")
PLACE = Place("prod", "http://prod", "project")


def reasons(
    *images: CloudImage, findings: tuple[Finding, ...] = (), now: datetime = START, **publish: Any
) -> list[Reason]:
    promised = replace(PLAN, publish=Publication(**publish))
    seen = Seen(PLACE, {}, images, findings, now)
    found = list(cloud_reasons(seen, NAME, promised, LATEST))
    assert all(reason.must for reason in found)
    return found


def told(*images: CloudImage) -> list[tuple[str, str, str]]:
    return [(reason.subject, reason.old, reason.new) for reason in reasons(*images)]


SUBJECT = f"{NAME} in prod"


def test_a_cloud_that_has_the_latest_build_is_no_reason() -> None:
    old = image("old", 1, hidden=True, name=f"{NAME} 20260102T120000Z")
    assert told(image("now", 3), old) == []


def test_an_image_that_is_missing_or_hidden_is_due() -> None:
    assert told() == [(SUBJECT, "missing", "build-3")]
    assert told(image("now", 3, hidden=True)) == [(SUBJECT, "missing", "build-3")]


def test_an_upload_that_was_not_finished_is_due() -> None:
    draft = image("draft", 3, hidden=True, name="draft", properties={PUBLISHER: "someone"})
    assert told(draft) == [(SUBJECT, "an unfinished upload of build-3", "build-3")]


def test_an_image_that_has_failed_is_due() -> None:
    assert told(image("now", 3, status="killed")) == [(SUBJECT, "failed: killed", "active")]


def test_another_build_and_a_strangers_image_are_due() -> None:
    assert told(image("now", 2)) == [(SUBJECT, "build-2", "build-3")]
    stranger = replace(image("now", 3), properties={})
    (reason,) = reasons(stranger)
    assert "guest-image did not publish" in reason.old


def test_what_was_rolled_back_does_not_come_again() -> None:
    withdrawn = image(
        "bad", 3, hidden=True, name=f"{NAME} 20260104T120000Z", properties={WITHDRAWN: "yes"}
    )
    assert told(image("good", 2), withdrawn) == []


def test_drift_is_told_with_what_differs() -> None:
    lines = tuple(f"~ hw_{number}: a -> b" for number in range(5))
    findings = (
        Finding("now pinned-scsi", lines),
        Finding("old pinned-scsi", ("no manifest here tells of it",), drift=False),
    )
    (reason,) = reasons(image("now", 3), findings=findings)
    assert (reason.subject, reason.old) == ("now pinned-scsi in prod", "drifted")
    assert reason.note == f"{'; '.join(lines[:3])}; and 2 more"


def test_promises_are_reckoned_from_the_image_that_users_have_by_the_clouds_clock() -> None:
    now = day(3 + 6)
    assert reasons(image("now", 3), now=now, replace_frequency="monthly") == []
    after = now.replace(hour=13)
    (reason,) = reasons(image("now", 3), now=after, replace_frequency="weekly")
    assert reason.subject == f"replace_frequency of {SUBJECT}"
