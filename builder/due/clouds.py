"""What a cloud has of a profile, as reasons for a build or a publication. Pure."""

from collections.abc import Iterator

from builder.due.judgement import Kind, Reason
from builder.due.promises import broken_promises
from builder.plan.model import Plan
from builder.publish.audit import Seen
from builder.publish.cloud.history import built
from builder.publish.cloud.image import ACTIVE, WITHDRAWN, CloudImage
from builder.store.manifest import Manifest

LINES = 3
"""Differences of one image that are told; ``guest-image audit`` tells all."""


def cloud_reasons(seen: Seen, name: str, plan: Plan, latest: Manifest) -> Iterator[Reason]:
    """What is amiss with the image of a public name, by the cloud's own clock."""
    subject = f"{name} in {seen.place.cloud}"
    answering = [image for image in seen.images if image.name == name and not image.hidden]
    if not answering:
        drafts = [image for image in seen.images if image.draft and image.profile == plan.profile]
        old = f"an unfinished upload of {drafts[0].build}" if drafts else "missing"
        yield Reason(Kind.CLOUD, subject, old, latest.build, must=True)
    else:
        image = max(answering, key=built)
        yield from _of_image(image, subject, seen, latest)
        yield from broken_promises(plan.publish, built(image), subject, now=seen.now)
    for finding in seen.findings:
        if finding.drift:
            more = len(finding.lines) - LINES
            lines = [*finding.lines[:LINES], *([f"and {more} more"] if more > 0 else [])]
            told = f"{finding.subject} in {seen.place.cloud}"
            yield Reason(Kind.CLOUD, told, "drifted", "as published", "; ".join(lines), must=True)


def _of_image(image: CloudImage, subject: str, seen: Seen, latest: Manifest) -> Iterator[Reason]:
    if image.status != ACTIVE:
        yield Reason(Kind.CLOUD, subject, f"failed: {image.status}", ACTIVE, image.id, must=True)
    elif image.build != latest.build and not _was_withdrawn(latest, seen):
        old = image.build or f"{image.id}, which guest-image did not publish"
        yield Reason(Kind.CLOUD, subject, old, latest.build, "is not published", must=True)


def _was_withdrawn(build: Manifest, seen: Seen) -> bool:
    """Whether somebody has rolled back from this very build: it is not to come again."""
    return any(
        image.build == build.build and WITHDRAWN in image.properties for image in seen.images
    )
