"""Audits a cloud, and repairs what differs."""

from pathlib import Path

from builder.progress import Progress
from builder.publish.audit import Finding, findings, known_images, wanted_of
from builder.publish.build import manifests
from builder.publish.glance import Glance
from builder.publish.survey import published


def audit(glance: Glance, dist: Path, progress: Progress, *, repair: bool) -> list[Finding]:
    """Compare every published image with its manifest; what still differs after a repair, if any.

    Raises ``CloudError``.
    """
    progress.phase(f"{glance}: auditing")
    found = _compare(glance, dist, repair=repair)
    if not repair:
        return found
    changes = [change for one in found for change in one.changes]
    for change in changes:
        progress.event(f"{glance}: {change.reason}")
        glance.change(change)
    return _compare(glance, dist, repair=False) if any(one.drift for one in found) else found


def _compare(glance: Glance, dist: Path, *, repair: bool) -> list[Finding]:
    images = published(glance)
    known = known_images((build for _, build in manifests(dist)), glance.endpoint)
    members = {}
    for one in images:
        if one.visibility == "shared" and one.id in known:
            wanted = set(wanted_of(known[one.id]).members)
            members[one.id] = glance.members(one.id)
            if repair:
                for project in sorted(wanted - set(members[one.id])):
                    glance.add_member(one.id, project)
                for project in sorted(set(members[one.id]) - wanted):
                    glance.remove_member(one.id, project)
    return findings(images, known, members, now=glance.now())
