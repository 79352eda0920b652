"""A build becomes the image that answers to its public name. Every run begins with what is there.

So a run that was killed is repaired by the next one: what it has done is seen and not done again.
"""

from dataclasses import dataclass
from pathlib import Path

from builder.attest.key import Attester
from builder.attest.sign import sign_record
from builder.errors import CloudError
from builder.publish.candidate.prepare import Ready, for_cloud
from builder.publish.candidate.stream import Origin
from builder.publish.cloud import lease
from builder.publish.cloud.change import Change
from builder.publish.cloud.difference import content_differences, property_differences
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.history import find, images_named, visible_replaced
from builder.publish.cloud.image import CloudImage, Wanted
from builder.publish.cloud.survey import Survey, survey
from builder.publish.conformity import require_only_generic
from builder.publish.preview import preview
from builder.publish.record import record, require_writable
from builder.publish.rollout.apply import carry_out
from builder.publish.rollout.changes import planned_changes
from builder.publish.rollout.conversion import is_conversion, require_same_disk
from builder.publish.rollout.draft import (
    Delivery,
    checked_draft,
    remove_abandoned,
    require_nobody_at_work,
)
from builder.publish.rollout.retention import Retention, retire
from builder.terminal.progress import Progress


@dataclass(frozen=True)
class Result:
    """What a publication came to in one cloud."""

    image: CloudImage
    changed: bool
    """Whether anything was done."""
    kept: tuple[str, ...] = ()
    """What retention would have deleted and did not, with the reasons."""


def publish_build(
    glance: Glance,
    build: Ready,
    delivery: Delivery,
    progress: Progress,
    attester: Attester | None = None,
) -> Result:
    """Publish a build in one cloud, and tell of it in the build's manifest and report.

    ``attester`` signs these two as they are then.
    Raises ``CloudError``, ``Refused`` where the cloud would get old evidence, and ``HostError``
    where the manifest cannot be written, if possible before anything is sent.
    """
    _, build = _seen_by(glance, build)
    require_writable(build.directory)
    result = publish(
        glance, build.wanted, build.origin, delivery, _retention(build),
        home=lease.state_directory(), progress=progress,
    )  # fmt: skip
    record(build, glance, result.image)
    if attester:
        sign_record(build.directory, attester)
    return result


def preview_build(glance: Glance, build: Ready) -> list[str]:
    """What a publication of the build would change in one cloud. Raises as ``publish_build``."""
    seen, build = _seen_by(glance, build)
    wanted = build.wanted
    require_only_generic(glance, seen, wanted)
    image = find(seen.images, wanted)
    shared = image is not None and "shared" == image.visibility == wanted.visibility
    members = glance.members(image.id) if image and shared else []
    return preview(seen, wanted, _retention(build), members)


def _seen_by(glance: Glance, build: Ready) -> tuple[Survey, Ready]:
    seen = survey(glance, build.wanted.profile, build.wanted.name)
    return seen, for_cloud(build, seen, glance.endpoint)


def _retention(build: Ready) -> Retention:
    return Retention(build.settings.keep_last, build.settings.keep_days)


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
        require_only_generic(glance, seen, wanted)
        target = published = find(seen.images, wanted)
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
            _require_content(glance, target, wanted, origin, delivery, progress)
            removed = remove_abandoned(glance, seen, progress, publisher=publisher)
        progress.phase(f"{glance}: publishing")
        shared = _set_members(glance, target, wanted)
        changes = planned_changes(seen, target, wanted)
        carry_out(glance, changes, target, progress)
        if changes:
            seen = survey(glance, wanted.profile, wanted.name)
        image = _require_published(glance, seen, target.id, wanted)
        deleted, kept = retire(glance, seen, wanted, retention, progress, publisher=publisher)
    changed = published is None or changes or shared or removed or deleted
    return Result(image, bool(changed), tuple(kept))


def _require_content(
    glance: Glance,
    image: CloudImage,
    wanted: Wanted,
    origin: Origin,
    delivery: Delivery,
    progress: Progress,
) -> None:
    hash_value = origin.hash_value(wanted, image.hash_algorithm)
    differences = content_differences(image, wanted, hash_value)
    if delivery.imports and is_conversion(differences):  # and the manifest does not tell of it
        require_same_disk(glance, image, wanted, progress)
    elif differences:
        raise CloudError(
            f"Image {image.id} in cloud '{glance}' is of build {wanted.build}, but no longer as it"
            " was published.",
            details=[str(difference) for difference in differences],
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
    image = next(
        (image for image in seen.images if image.id == image_id and not image.hidden), None
    )
    having = images_named(seen.images, wanted.name)
    visible = visible_replaced(seen.images, wanted.name, image_id)
    if image is None or visible or [image.id for image in having] != [image_id]:
        raise CloudError(
            f"'{wanted.name}' in cloud '{glance}' is not image {image_id} alone after it was"
            " published.",
            details=[
                *(f"{image.id} has the name" for image in having),
                *(f"{image.id} was replaced, and is visible" for image in visible),
            ],
            hint="Somebody else changes images of this name. Run the same command again.",
        )
    differences = property_differences(image, wanted)
    if differences:
        raise CloudError(
            f"Image {image_id} in cloud '{glance}' is published, but not as it should be.",
            details=[str(difference) for difference in differences],
            hint="Run the same command again. Where that says the same, the cloud changes its"
            " images: ask its operators.",
        )
    return image


def _overtaken(glance: Glance, wanted: Wanted, draft: CloudImage) -> CloudError:
    glance.delete(draft.id)
    return CloudError(
        f"'{wanted.name}' in cloud '{glance}' was replaced by another client during the upload.",
        details=["Somebody else has published, rolled back or renamed; nothing was changed here."],
        hint="See what is there (guest-image list); then run the same command again.",
    )
