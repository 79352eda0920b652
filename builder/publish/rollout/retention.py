"""Which replaced images are kept, and for how long."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from builder.errors import CloudError
from builder.publish.cloud.compute import servers
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.history import built, ours, replaced_by_name
from builder.publish.cloud.image import (
    CloudImage,
    Wanted,
)
from builder.publish.cloud.survey import Survey
from builder.publish.rollout.switch import claim, release
from builder.terminal.progress import Progress
from builder.words import counted


@dataclass(frozen=True)
class Retention:
    """How long replaced images stay."""

    keep_last: int | None
    keep_days: int | None


def retire(
    glance: Glance,
    seen: Survey,
    wanted: Wanted,
    retention: Retention,
    progress: Progress,
    *,
    publisher: str,
) -> tuple[list[str], list[str]]:
    """Delete the replaced images that nobody keeps.

    Returns their ids, and what was not deleted with the reason: a server was made of it, or the
    cloud does not say so, or it refuses.
    """
    deleted, kept = [], []
    for image in superfluous(
        seen.images,
        wanted.profile,
        wanted.name,
        keep_last=retention.keep_last,
        keep_days=retention.keep_days,
        now=seen.now,
    ):
        try:
            reason = _retire(glance, image.id, publisher)
        except CloudError as error:
            reason = " ".join([error.message, *error.details])
        if reason:
            kept.append(f"keeping {image.id} of build {image.build}: {reason}")
            progress.event(f"{glance}: {kept[-1]}")
        else:
            progress.event(
                f"{glance}: deleted {image.id} of build {image.build}, as retention says"
            )
            deleted.append(image.id)
    return deleted, kept


def _retire(glance: Glance, image_id: str, publisher: str) -> str:
    """Delete an image, or say why it stays. Raises ``CloudError``."""
    users = servers(glance, image_id)
    if users:
        return f"it is the image of {counted(len(users), 'server')}"
    image = glance.image(image_id)
    if image is None:
        return ""
    if not replaceable(image):
        return "somebody has changed it meanwhile"
    # As a draft nobody brings it back while it is being deleted.
    glance.change(claim(image, publisher))
    try:
        glance.delete(image_id)
    except CloudError:
        with contextlib.suppress(CloudError):
            glance.change(release(image))
        raise
    return ""


def superfluous(
    images: Iterable[CloudImage],
    profile: str,
    name: str,
    *,
    keep_last: int | None,
    keep_days: int | None,
    now: datetime,
) -> list[CloudImage]:
    """The replaced images that retention no longer keeps, first the one replaced latest.

    An image stays as long as one of the two rules, its own promise (``uuid_validity``) or its
    protection keeps it. Never among them: what has its public name or another one, what is visible,
    a draft, and what this program did not publish.
    """
    if keep_last is None and keep_days is None:
        return []
    replaced = sorted(
        (image for image in ours(images, profile, name) if image.hidden and image.name != name),
        key=lambda image: (replaced_by_name(image), built(image)),
        reverse=True,
    )
    limit = timedelta(days=keep_days or 0)
    return [
        image
        for rank, image in enumerate(replaced)
        if rank >= (keep_last or 0) and now - replaced_by_name(image) >= limit
        if replaceable(image) and not _promised(image, rank, now)
    ]


def replaceable(image: CloudImage) -> bool:
    """Whether it is as retention needs it: replaced, out of sight, and not protected."""
    return (
        image.published and image.hidden and not image.protected and image.name != image.public_name
    )


def _promised(image: CloudImage, rank: int, now: datetime) -> bool:
    """Whether its ``uuid_validity`` keeps it; ``rank`` images were replaced after it."""
    validity = image.properties.get("uuid_validity", "none")
    if validity in ("forever", "notice"):
        return True
    kind, _, number = validity.partition("-")
    if kind == "last" and number.isdecimal():
        return rank < int(number)
    try:
        return now.date() <= date.fromisoformat(validity)
    except ValueError:
        return False
