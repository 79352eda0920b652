"""The images of one profile in a cloud: current, replaced, unfinished. Pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from builder.errors import BuilderError
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
    return next((one for one in ours(images, wanted.profile) if one.build == wanted.build), None)


def images_named(images: Iterable[CloudImage], name: str) -> list[CloudImage]:
    """The images that have the name, visible or hidden."""
    return [one for one in images if one.name == name and not one.draft]


def current(images: Iterable[CloudImage], name: str) -> CloudImage | None:
    """The image that answers to the name: the visible one, else the hidden one.

    Raises ``BuilderError`` where several do.
    """
    having = images_named(images, name)
    answering = [one for one in having if not one.hidden] or having
    if len(answering) > 1:
        raise BuilderError(
            f"{len(answering)} images are called '{name}'; one alone may answer to it.",
            details=[f"{one.id}  {one.visibility}, built as {one.build or '?'}" for one in having],
            hint="Rename or hide all but one: openstack image set --hidden ID",
        )
    return answering[0] if answering else None


def visible_replaced(images: Iterable[CloudImage], name: str, image_id: str) -> list[CloudImage]:
    """Images that another has replaced under the name, and that are visible all the same.

    A visible image that somebody has given another name is none: that is its owner's choice.
    """
    return [
        one
        for one in images
        if one.published and one.public_name == name and one.id != image_id
        if not one.hidden and one.name == dated(name, built(one))
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
        one
        for one in images
        if one.profile == profile and one.published and name in (None, one.public_name)
    ]
    return sorted(published, key=lambda one: (built(one), one.created), reverse=True)


def previous(images: Sequence[CloudImage], profile: str, name: str) -> CloudImage:
    """The image that a rollback brings back: the one that the present image has replaced.

    What a rollback has withdrawn does not come back by another. An interrupted switch comes first:
    a rollback is completed, a publication taken back. Raises ``BuilderError`` where there is none.
    """
    present = current(images, name)
    if present is None:
        raise BuilderError(
            f"No image is called '{name}', so there is nothing to roll back.",
            hint="See what is there: guest-image list --cloud NAME",
        )
    by_id = {one.id: one for one in images}
    for left in images_named(images, name):
        if left.hidden:
            successor = left.properties.get(REPLACED_BY, "")
            if WITHDRAWN in left.properties and successor in by_id:
                return by_id[successor]
            if left is present or successor == present.id:
                return left
    others = [
        one
        for one in ours(images, profile, name)
        if one.status == ACTIVE and one.name != name
        if WITHDRAWN not in one.properties
    ]
    replaced = [one for one in others if one.properties.get(REPLACED_BY) == present.id]
    if replaced:
        return max(replaced, key=replaced_by_name)
    # The one that it replaced is gone.
    older = [one for one in others if built(one) < built(present)]
    if not older:
        raise BuilderError(
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
