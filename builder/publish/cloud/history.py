"""The images of one profile in a cloud: current, replaced, unfinished. Pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from builder.errors import CloudError
from builder.publish.cloud.image import (
    ACTIVE,
    REPLACED_AT,
    REPLACED_BY,
    WITHDRAWN,
    CloudImage,
    Wanted,
)
from builder.publish.cloud.names import dated


def find(images: Iterable[CloudImage], wanted: Wanted) -> CloudImage | None:
    """The build's image, where it was published before."""
    return next(
        (image for image in ours(images, wanted.profile) if image.build == wanted.build), None
    )


def images_named(images: Iterable[CloudImage], name: str) -> list[CloudImage]:
    """The images that have the name, visible or hidden."""
    return [image for image in images if image.name == name and not image.draft]


def current(images: Iterable[CloudImage], name: str) -> CloudImage | None:
    """The image that answers to the name: the visible one, else the hidden one.

    Raises ``CloudError`` where several do.
    """
    having = images_named(images, name)
    answering = [image for image in having if not image.hidden] or having
    if len(answering) > 1:
        raise CloudError(
            f"{len(answering)} images are called '{name}'; one alone may answer to it.",
            details=[
                f"{image.id}  {image.visibility}, built as {image.build or '?'}" for image in having
            ],
            hint="Rename or hide all but one: openstack image set --hidden ID",
        )
    return answering[0] if answering else None


def visible_replaced(images: Iterable[CloudImage], name: str, image_id: str) -> list[CloudImage]:
    """Images that another has replaced under the name, and that are visible all the same.

    A visible image that somebody has given another name is none: that is its owner's choice.
    """
    return [
        image
        for image in images
        if image.published and image.public_name == name and image.id != image_id
        if not image.hidden and image.name == dated(name, built(image))
    ]


def built(image: CloudImage) -> datetime:
    """When the image was built, as it says itself; else when it was made in the cloud."""
    try:
        stamp = datetime.fromisoformat(image.properties.get("image_build_date", ""))
    except ValueError:
        return image.created
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)


def ours(images: Iterable[CloudImage], profile: str, name: str | None = None) -> list[CloudImage]:
    """What was published of a profile, under a name where one is given, newest build first."""
    published = [
        image
        for image in images
        if image.profile == profile and image.published and name in (None, image.public_name)
    ]
    return sorted(published, key=lambda image: (built(image), image.created), reverse=True)


def previous(images: Sequence[CloudImage], profile: str, name: str) -> CloudImage:
    """The image that a rollback brings back: the one that the present image has replaced.

    What a rollback has withdrawn does not come back by another. An interrupted switch comes first:
    a rollback is completed, a publication taken back. Raises ``CloudError`` where there is none.
    """
    present = current(images, name)
    if present is None:
        raise CloudError(
            f"No image is called '{name}', so there is nothing to roll back.",
            hint="See what is there: guest-image list --cloud NAME",
        )
    by_id = {image.id: image for image in images}
    for left in images_named(images, name):
        if left.hidden:
            successor = left.properties.get(REPLACED_BY, "")
            if WITHDRAWN in left.properties and successor in by_id:
                return by_id[successor]
            if left is present or successor == present.id:
                return left
    others = [
        image
        for image in ours(images, profile, name)
        if image.status == ACTIVE and image.name != name
        if WITHDRAWN not in image.properties
    ]
    replaced = [image for image in others if image.properties.get(REPLACED_BY) == present.id]
    if replaced:
        return max(replaced, key=replaced_by_name)
    # The one that it replaced is gone.
    older = [image for image in others if built(image) < built(present)]
    if not older:
        raise CloudError(
            f"No older image of {profile} is there to come back under '{name}'.",
            details=[f"{present.id} (build {present.build or '?'}) is the oldest one."],
            hint="Publish another build: guest-image publish BUILD --cloud NAME",
        )
    return older[0]


def replaced_by_name(image: CloudImage) -> datetime:
    """When another image took its name; when it was changed last where it does not say."""
    try:
        return datetime.fromisoformat(image.properties.get(REPLACED_AT, ""))
    except ValueError:
        return image.updated
