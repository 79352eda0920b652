"""Audits a cloud, and repairs what differs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from builder.publish.cloud.glance import Glance
from builder.publish.cloud.image import CloudImage
from builder.publish.cloud.lease import state_directory
from builder.publish.cloud.survey import owned
from builder.publish.drift import (
    Finding,
    Place,
    Record,
    concerned,
    findings,
    recorded_images,
    unjudged,
    wanted_of,
)
from builder.publish.rollout.draft import require_nobody_at_work
from builder.store.build_directory import manifests
from builder.store.manifest import Manifest
from builder.terminal.progress import Progress


def audit(glance: Glance, dist: Path, progress: Progress, *, repair: bool) -> list[Finding]:
    """Compare every published image with its manifest; what still differs after a repair, if any.

    Raises ``CloudError``; nothing is repaired while a publisher is at work.
    """
    progress.phase(f"{glance}: auditing")
    found = _compare(glance, dist)
    if not repair or not any(result.drift for result in found):
        return found
    require_nobody_at_work(glance, owned(glance), state_directory(), now=glance.now())
    for finding in found:
        for change in finding.changes:
            progress.event(f"{glance}: {change.reason}")
            glance.change(change)
        for sharing in finding.sharings:
            progress.event(f"{glance}: {sharing.reason}")
            act = glance.add_member if sharing.wanted else glance.remove_member
            act(sharing.image, sharing.project)
    return _compare(glance, dist)


def _compare(glance: Glance, dist: Path) -> list[Finding]:
    builds = [build for _, build in manifests(dist)]
    seen = look(glance, builds)
    blind = unjudged(builds, seen.records, seen.place)
    return [*([blind] if blind else []), *seen.findings]


@dataclass(frozen=True)
class Seen:
    """Published images and their manifests, side by side, by the cloud's clock."""

    place: Place
    records: Mapping[str, Record]
    images: Sequence[CloudImage]
    findings: Sequence[Finding]
    now: datetime


def look(
    glance: Glance,
    builds: Sequence[Manifest],
    chosen: Callable[[CloudImage], bool] = lambda _: True,
) -> Seen:
    """Compare the chosen ones of a project's published images with these builds.

    What the builds tell of is always among them. Nothing is changed. Raises ``CloudError``.
    """
    place = Place(glance.cloud, glance.endpoint, glance.project)
    every = owned(glance)
    records = recorded_images(builds, every, place)
    images = [image for image in concerned(every, records) if image.id in records or chosen(image)]
    members = {
        image.id: glance.members(image.id)
        for image in images
        if image.visibility == "shared"
        and image.id in records
        and wanted_of(records[image.id]).visibility == "shared"
    }
    now = glance.now()
    return Seen(place, records, images, findings(images, records, members, now=now), now)
