"""Audits a cloud, and repairs what differs."""

from pathlib import Path

from builder.publish.cloud.glance import Glance
from builder.publish.cloud.lease import state_directory
from builder.publish.cloud.survey import owned
from builder.publish.drift import (
    Finding,
    Place,
    concerned,
    findings,
    recorded_images,
    unjudged,
    wanted_of,
)
from builder.publish.rollout.draft import require_nobody_at_work
from builder.store.build_directory import manifests
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
    place = Place(glance.cloud, glance.endpoint, glance.project)
    every = owned(glance)
    records = recorded_images(builds, every, place)
    images = concerned(every, records)
    members = {
        image.id: glance.members(image.id)
        for image in images
        if image.visibility == "shared"
        and image.id in records
        and wanted_of(records[image.id]).visibility == "shared"
    }
    blind = unjudged(builds, records, place)
    found = findings(images, records, members, now=glance.now())
    return [*([blind] if blind else []), *found]
