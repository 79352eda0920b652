"""Who answers to a public name, and how it comes to be another image. Pure.

Glance changes one image at a time, so a name goes from one image to the next in three changes:

1. the previous image is hidden; it keeps the name, and notes who replaces it;
2. the next one takes name and visibility, in one request;
3. the previous one gets its dated name.

Before 2 the name is found at the hidden image (openstacksdk, and so the ``openstack`` command,
looks among the hidden ones where no other has the name), after 2 at the next one. So exactly one
image answers at every instant, and what a killed publisher left says what is to follow.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from builder.errors import BuilderError
from builder.publish.image import (
    ACTIVE,
    PUBLISHER,
    REPLACED_AT,
    REPLACED_BY,
    CloudImage,
)
from builder.publish.properties import dated


@dataclass(frozen=True)
class Change:
    """One request that changes one image."""

    image: str
    """Its id."""
    reason: str
    """For the log: what it does, as a sentence without a stop."""
    attributes: Mapping[str, object]
    """New values, by Glance's names."""
    remove: tuple[str, ...] = ()
    """Properties to take away."""


@dataclass(frozen=True)
class Terms:
    """What comes with the public name."""

    name: str
    visibility: str
    protected: bool
    attributes: Mapping[str, object] = field(default_factory=dict)
    """Further values that the image gets in the same request."""
    remove: tuple[str, ...] = ()


def holders(images: Iterable[CloudImage], name: str) -> list[CloudImage]:
    """The images that have the name, visible or hidden."""
    return [one for one in images if one.name == name and not one.draft]


def current(images: Iterable[CloudImage], name: str) -> CloudImage | None:
    """The image that answers to the name: the visible one, else the hidden one.

    Raises ``BuilderError`` where several do.
    """
    having = holders(images, name)
    answering = [one for one in having if not one.hidden] or having
    if len(answering) > 1:
        raise BuilderError(
            f"{len(answering)} images are called '{name}'; one alone may answer to it.",
            details=[f"{one.id}  {one.visibility}, built as {one.build or '?'}" for one in having],
            hint="Rename or hide all but one: openstack image set --hidden ID",
        )
    return answering[0] if answering else None


def switch(
    images: Iterable[CloudImage], target: CloudImage, terms: Terms, *, now: datetime
) -> list[Change]:
    """What still has to be done so that the target alone answers to the name, in its order."""
    others = [one for one in holders(images, terms.name) if one.id != target.id]
    return [
        *(_hide(one, target, now) for one in others if not one.hidden),
        *_present(target, terms),
        *(_rename(one, terms) for one in others),
    ]


def _hide(image: CloudImage, target: CloudImage, now: datetime) -> Change:
    return Change(
        image.id,
        f"hide {image.id}, which is replaced",
        {"os_hidden": True, REPLACED_BY: target.id, REPLACED_AT: f"{now.astimezone(UTC):%FT%TZ}"},
    )


def _present(target: CloudImage, terms: Terms) -> list[Change]:
    attributes = {
        "name": terms.name,
        "os_hidden": False,
        "visibility": terms.visibility,
        "protected": terms.protected,
    }
    has = {
        "name": target.name,
        "os_hidden": target.hidden,
        "visibility": target.visibility,
        "protected": target.protected,
    }
    notes = [one for one in (PUBLISHER, REPLACED_BY, REPLACED_AT) if one in target.properties]
    remove = (*notes, *terms.remove)
    if has == attributes and not remove and not terms.attributes:
        return []
    reason = f"give {target.id} the name '{terms.name}', visibility {terms.visibility}"
    return [Change(target.id, reason, {**attributes, **terms.attributes}, remove)]


def _rename(image: CloudImage, terms: Terms) -> Change:
    name = dated(terms.name, image.created if not image.build else built(image))
    # Protection came with the public name; what its owner protects later is left alone.
    lifted = {"protected": False} if image.protected and terms.protected else {}
    return Change(image.id, f"rename {image.id} to '{name}'", {"name": name, **lifted})


def built(image: CloudImage) -> datetime:
    """When the image was built, as it says itself; else when it was made in the cloud."""
    try:
        stamp = datetime.fromisoformat(image.properties.get("image_build_date", ""))
    except ValueError:
        return image.created
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)


def ours(images: Iterable[CloudImage], profile: str) -> list[CloudImage]:
    """What was published of a profile, newest build first."""
    published = [one for one in images if one.profile == profile and one.published]
    return sorted(published, key=lambda one: (built(one), one.created), reverse=True)


def previous(images: Sequence[CloudImage], profile: str, name: str) -> CloudImage:
    """The image that a rollback brings back.

    An interrupted switch comes first: a rollback is completed, a publication taken back.
    Raises ``BuilderError`` where there is none.
    """
    present = current(images, name)
    if present is None:
        raise BuilderError(
            f"No image is called '{name}', so there is nothing to roll back.",
            hint="See what is there: guest-image list --cloud NAME",
        )
    by_id = {one.id: one for one in images}
    for left in holders(images, name):
        if left.hidden:
            successor = by_id.get(left.properties.get(REPLACED_BY, ""))
            if successor is not None and built(successor) < built(left):
                return successor
            if present is left:
                return left
    older = [one for one in ours(images, profile) if one.status == ACTIVE]
    older = [one for one in older if one.id != present.id and built(one) < built(present)]
    if not older:
        raise BuilderError(
            f"No older image of {profile} is there to come back under '{name}'.",
            details=[f"{present.id} (build {present.build or '?'}) is the oldest one."],
            hint="Publish another build: guest-image publish BUILD --cloud NAME",
        )
    return older[0]


def superfluous(
    images: Iterable[CloudImage],
    profile: str,
    name: str,
    *,
    keep_last: int | None,
    keep_days: int | None,
    now: datetime,
) -> list[CloudImage]:
    """The replaced images that retention no longer keeps, oldest last.

    An image stays as long as one of the two rules, its own promise (``uuid_validity``) or its
    protection keeps it. Never among them: what has the public name, what is visible, a draft, and
    what this program did not publish.
    """
    if keep_last is None and keep_days is None:
        return []
    replaced = [one for one in ours(images, profile) if one.hidden and one.name != name]
    beyond = replaced[keep_last or 0 :]
    limit = timedelta(days=keep_days or 0)
    return [
        one
        for one in beyond
        if not one.protected and now - _replaced(one) >= limit and not _promised(one, now)
    ]


def _replaced(image: CloudImage) -> datetime:
    try:
        return datetime.fromisoformat(image.properties.get(REPLACED_AT, ""))
    except ValueError:
        return image.updated


def _promised(image: CloudImage, now: datetime) -> bool:
    validity = image.properties.get("uuid_validity", "none")
    if validity in ("forever", "notice"):
        return True
    try:
        return now.date() <= date.fromisoformat(validity)
    except ValueError:
        return False
