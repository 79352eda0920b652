"""A draft: an image that is hidden and private until its data and properties are seen to be right.

A failed upload leaves an image that Glance cannot be trusted to fill again, so a draft is filled
once, or deleted. Its id follows from who has the public name: Glance gives an id once, so of two
publishers that would replace the same image only one gets a draft.
"""

import contextlib
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from builder.errors import BuilderError, CloudError
from builder.publish.candidate.stream import Origin, Upload
from builder.publish.cloud import lease
from builder.publish.cloud.difference import (
    Difference,
    content_differences,
    property_differences,
)
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.image import ACTIVE, IDENTITY, PUBLISHER, CloudImage, Wanted
from builder.publish.cloud.names import draft_name
from builder.publish.cloud.remedies import CONFLICT
from builder.publish.cloud.survey import Survey
from builder.publish.rollout.conversion import is_conversion, require_same_disk
from builder.publish.rollout.switch import claim
from builder.terminal.progress import Progress

IMPORT_LIMIT = 3600.0
"""Seconds that Glance may take for an import."""

_IDS = uuid.UUID("5b0d1c9e-3a51-5c0e-9d0c-5f6f4d3f2a10")

_ATTEMPTS = 1000

Method = Literal["direct", "glance-direct", "web-download"]


@dataclass(frozen=True)
class Delivery:
    """How the data gets there."""

    method: Method = "direct"
    url: str | None = None
    """Where Glance fetches it from; for ``web-download``."""
    stores: tuple[str, ...] = ()
    """Where Glance keeps it; by default in its default store."""

    @property
    def imports(self) -> bool:
        """Whether Glance imports it, and so may convert it."""
        return self.method != "direct" or len(self.stores) > 1


def checked_draft(
    glance: Glance,
    seen: Survey,
    wanted: Wanted,
    origin: Origin,
    delivery: Delivery,
    *,
    home: Path,
    publisher: str,
    progress: Progress,
) -> CloudImage:
    """A draft that has been read back and is as wanted: one that is there already, or a new one.

    Raises ``CloudError`` where another publisher is at work, or the cloud does not do it; then
    there is no draft left, or one that the next run deletes.
    """
    sound = [draft for draft in seen.drafts if not _differences(draft, wanted, origin)][:1]
    remove_abandoned(glance, seen, progress, publisher=publisher, but=sound)
    for draft in sound:
        if taken := _claimed(glance, draft, publisher):
            progress.event(f"{glance}: taking up the checked upload {draft.id}")
            return taken
    draft = _create(glance, seen, wanted, publisher=publisher, home=home)
    with _removed_on_failure(glance, draft):
        _fill(glance, draft, wanted, origin, delivery, progress)
        progress.phase(f"{glance}: reading back")
        return _read_back(glance, draft.id, wanted, origin, delivery, progress)


def require_nobody_at_work(
    glance: Glance, images: Iterable[CloudImage], home: Path, *, now: datetime
) -> None:
    """Raise ``CloudError`` where another publisher is at work on a draft among the images."""
    for draft in images:
        if draft.draft and lease.at_work(draft, home, now=now):
            raise _busy(glance, draft)


def remove_abandoned(
    glance: Glance,
    seen: Survey,
    progress: Progress,
    *,
    publisher: str,
    but: Sequence[CloudImage] = (),
) -> list[str]:
    """Delete the drafts but some, and return their ids.

    Raises ``CloudError`` where another publisher has begun to work on one.
    """
    deleted = []
    for draft in seen.drafts:
        if draft not in but and _claimed(glance, draft, publisher):
            progress.event(f"{glance}: deleting the unfinished upload {draft.id}")
            glance.delete(draft.id)
            deleted.append(draft.id)
    return deleted


def _claimed(glance: Glance, draft: CloudImage, publisher: str) -> CloudImage | None:
    """The draft, this publisher's now, or None where it is gone."""
    present = glance.image(draft.id)
    if present is None:
        return None
    if present.properties.get(PUBLISHER) != draft.properties[PUBLISHER]:
        raise _busy(glance, present)
    if present.status != ACTIVE:
        return present  # nobody can take it up
    try:
        return glance.change(claim(present, publisher))
    except CloudError as error:
        raise _busy(glance, present) if error.status == CONFLICT else error from error


def _create(
    glance: Glance, seen: Survey, wanted: Wanted, *, publisher: str, home: Path
) -> CloudImage:
    place = f"{glance.project}\n{wanted.name}\n{seen.answering(wanted.name)}"
    attributes = {
        "name": draft_name(wanted.name, wanted.build),
        "visibility": "private",
        "os_hidden": True,
        "disk_format": wanted.data.disk_format,
        "container_format": "bare",
        "min_disk": wanted.min_disk,
        "min_ram": wanted.min_ram,
        "tags": sorted(wanted.tags),
        **wanted.properties,
        PUBLISHER: publisher,
    }
    for attempt in range(_ATTEMPTS):
        image_id = str(uuid.uuid5(_IDS, f"{place}\n{attempt}"))
        if created := glance.create(image_id, {**attributes, IDENTITY: image_id}):
            return created
        other = glance.image(image_id)
        if other is not None and other.draft and lease.at_work(other, home, now=seen.now):
            raise _busy(glance, other)
    raise CloudError(
        f"Cloud '{glance}' took none of {_ATTEMPTS} ids for a new image.",
        hint="Publish under another name, or have deleted images purged from Glance's database.",
    )


def _busy(glance: Glance, draft: CloudImage) -> CloudError:
    return CloudError(
        f"Another publisher is at work on '{draft.profile}' in cloud '{glance}'.",
        details=[
            f"It publishes build {draft.build} as image {draft.id}.",
            f"That is {draft.status}, last changed at {draft.updated:%Y-%m-%d %H:%M:%S} UTC.",
        ],
        hint=f"Wait for it. If it is dead, delete its image: openstack image delete {draft.id}",
    )


@contextlib.contextmanager
def _removed_on_failure(glance: Glance, draft: CloudImage) -> Iterator[None]:
    try:
        yield
    except BaseException:
        # The cloud may be the very thing that fails; the next run deletes the draft then.
        with contextlib.suppress(BuilderError):
            glance.delete(draft.id)
        raise


def _fill(
    glance: Glance,
    draft: CloudImage,
    wanted: Wanted,
    origin: Origin,
    delivery: Delivery,
    progress: Progress,
) -> None:
    progress.phase(f"{glance}: uploading")
    upload = Upload(origin.pieces(), wanted.data, tell=progress.transfer)
    several = len(delivery.stores) > 1
    if delivery.method == "web-download":
        glance.import_data(
            draft.id, "web-download", uri=delivery.url, stores=delivery.stores, limit=IMPORT_LIMIT
        )
    elif delivery.method == "glance-direct" or several:
        glance.stage(draft.id, upload)
        progress.phase(f"{glance}: importing")
        glance.import_data(
            draft.id, "glance-direct", uri=None, stores=delivery.stores, limit=IMPORT_LIMIT
        )
    else:
        glance.upload(draft.id, upload, next(iter(delivery.stores), None))


def _read_back(
    glance: Glance,
    image_id: str,
    wanted: Wanted,
    origin: Origin,
    delivery: Delivery,
    progress: Progress,
) -> CloudImage:
    image = glance.image(image_id)
    differences = (
        [Difference("image", None, image_id)]
        if image is None
        else _differences(image, wanted, origin)
    )
    if image is not None and delivery.imports and is_conversion(differences):
        require_same_disk(glance, image, wanted, progress)
        return image
    if image is None or differences:
        raise CloudError(
            f"Cloud '{glance}' returned different data or properties; it was not published.",
            details=[str(difference) for difference in differences],
            hint="The cloud's import plugins may change images or their properties: ask its"
            " operators. Nothing visible was changed.",
        )
    return image


def _differences(image: CloudImage, wanted: Wanted, origin: Origin) -> list[Difference]:
    if image.status != ACTIVE:
        return [Difference("status", image.status, ACTIVE)]
    hash_value = origin.hash_value(wanted, image.hash_algorithm)
    return [
        *content_differences(image, wanted, hash_value),
        *property_differences(image, wanted),
    ]
