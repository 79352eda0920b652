"""A build becomes the image that answers to its public name. Every run begins with what is there.

So a run that was killed is repaired by the next one: what it has done is seen and not done again.
"""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from builder.errors import CloudError
from builder.progress import Progress
from builder.publish import lease
from builder.publish.difference import (
    content_differences,
    property_differences,
    restoring,
)
from builder.publish.draft import (
    Delivery,
    Origin,
    checked_draft,
    remove_abandoned,
    require_nobody_at_work,
)
from builder.publish.glance import Glance
from builder.publish.image import CloudImage, Wanted
from builder.publish.release import (
    Change,
    Terms,
    claim,
    holders,
    ours,
    release,
    replaceable,
    strays,
    superfluous,
    switch,
)
from builder.publish.survey import Survey, survey
from builder.publish.switching import carry_out
from builder.words import counted


@dataclass(frozen=True)
class Retention:
    """How long replaced images stay."""

    keep_last: int | None
    keep_days: int | None


@dataclass(frozen=True)
class Result:
    """What a publication came to in one cloud."""

    image: CloudImage
    changed: bool
    """Whether anything was done."""
    kept: tuple[str, ...] = ()
    """What retention would have deleted and did not, with the reasons."""


def publish(
    glance: Glance,
    wanted: Wanted,
    origin: Origin,
    delivery: Delivery,
    retention: Retention,
    *,
    home: Path,
    progress: Progress,
) -> Result:
    """Let the wanted image answer to its public name, and apply retention.

    Raises ``CloudError``; then the previous image answers still, or the next run completes it.
    """
    progress.phase(f"{glance}: looking")
    with lease.held(home) as publisher:
        seen = survey(glance, wanted.profile, wanted.name)
        require_nobody_at_work(glance, seen.images, home, now=seen.now)
        target = known = find(seen.images, wanted)
        removed: list[str] = []
        if target is None:
            answering = seen.answering(wanted.name)
            target = checked_draft(
                glance, seen, wanted, origin, delivery,
                home=home, publisher=publisher, progress=progress,
            )  # fmt: skip
            seen = survey(glance, wanted.profile, wanted.name)
            if seen.answering(wanted.name) != answering:
                raise _overtaken(glance, wanted, target)
        else:
            _require_content(glance, target, wanted, origin)
            removed = remove_abandoned(glance, seen, progress, publisher=publisher)
        progress.phase(f"{glance}: publishing")
        shared = _set_members(glance, target, wanted)
        changes = planned_changes(seen, target, wanted)
        carry_out(glance, changes, target, progress)
        if changes:
            seen = survey(glance, wanted.profile, wanted.name)
        image = _require_published(glance, seen, target.id, wanted)
        deleted, kept = retire(glance, seen, wanted, retention, progress, publisher=publisher)
    changed = known is None or changes or shared or removed or deleted
    return Result(image, bool(changed), tuple(kept))


def find(images: Iterable[CloudImage], wanted: Wanted) -> CloudImage | None:
    """The build's image, where it was published before."""
    return next((one for one in ours(images, wanted.profile) if one.build == wanted.build), None)


def planned_changes(seen: Survey, target: CloudImage, wanted: Wanted) -> list[Change]:
    """What makes the target answer to the public name, with the wanted properties."""
    attributes, remove = restoring(property_differences(target, wanted), wanted)
    terms = Terms(wanted.name, wanted.visibility, wanted.protected, attributes, remove)
    return switch(seen.images, target, terms, now=seen.now)


def _require_content(glance: Glance, image: CloudImage, wanted: Wanted, origin: Origin) -> None:
    hash_value = origin.hash_value(wanted, image.hash_algorithm)
    differences = content_differences(image, wanted, hash_value)
    if differences:
        raise CloudError(
            f"Image {image.id} in cloud '{glance}' is of build {wanted.build}, but no longer as it"
            " was published.",
            details=[str(one) for one in differences],
            hint="Reactivate it (openstack image set --activate ID), or delete it and run the same"
            " command again.",
        )


def _set_members(glance: Glance, target: CloudImage, wanted: Wanted) -> bool:
    """Share the image with the wanted projects; a draft with members is still hidden."""
    if wanted.visibility != "shared":
        return False
    changed = False
    if target.visibility != "shared":
        glance.change(Change(target.id, f"share {target.id}", {"visibility": "shared"}))
    present = glance.members(target.id)
    for member in sorted(set(wanted.members) - set(present)):
        glance.add_member(target.id, member)
        changed = True
    for member in sorted(set(present) - set(wanted.members)):
        glance.remove_member(target.id, member)
        changed = True
    return changed


def _require_published(glance: Glance, seen: Survey, image_id: str, wanted: Wanted) -> CloudImage:
    image = next((one for one in seen.images if one.id == image_id and not one.hidden), None)
    having = holders(seen.images, wanted.name)
    visible = strays(seen.images, wanted.name, image_id)
    if image is None or visible or [one.id for one in having] != [image_id]:
        raise CloudError(
            f"'{wanted.name}' in cloud '{glance}' is not image {image_id} alone after it was"
            " published.",
            details=[
                *(f"{one.id} has the name" for one in having),
                *(f"{one.id} was replaced, and is visible" for one in visible),
            ],
            hint="Somebody else changes images of this name. Run the same command again.",
        )
    differences = property_differences(image, wanted)
    if differences:
        raise CloudError(
            f"Image {image_id} in cloud '{glance}' is published, but not as it should be.",
            details=[str(one) for one in differences],
            hint="Run the same command again.",
        )
    return image


def _overtaken(glance: Glance, wanted: Wanted, draft: CloudImage) -> CloudError:
    glance.delete(draft.id)
    return CloudError(
        f"'{wanted.name}' in cloud '{glance}' came to be another image during the upload.",
        details=["Somebody else has published, rolled back or renamed; nothing was changed here."],
        hint="See what is there (guest-image list); then run the same command again.",
    )


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
    servers = glance.servers(image_id)
    if servers:
        return f"it is the image of {counted(len(servers), 'server')}"
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
