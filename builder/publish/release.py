"""Who answers to a public name, and how it comes to be another image. Pure.

Glance changes one image at a time, so a name goes from one image to the next in these changes:

0. the next image, hidden still, gets its visibility: what may be refused is refused here;
1. the previous image is hidden; it keeps the name, and notes who replaces it;
2. the next one takes the name and is visible, in one request;
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
    IDENTITY,
    NOTES,
    PUBLISHER,
    REPLACED_AT,
    REPLACED_BY,
    WITHDRAWN,
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
    """Properties to take away, before others are set; Glance refuses where one is not there."""
    undo: "Change | None" = None
    """What takes it back while the target has not got the name."""


@dataclass(frozen=True)
class Terms:
    """What comes with the public name."""

    name: str
    visibility: str
    protected: bool
    attributes: Mapping[str, object] = field(default_factory=dict)
    """Further values that the image gets in the same request."""
    remove: tuple[str, ...] = ()
    withdrawing: bool = False
    """Whether what is replaced is not to come back by a rollback, for this is one."""


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


def strays(images: Iterable[CloudImage], name: str, image_id: str) -> list[CloudImage]:
    """Images that another has replaced under the name, and that are visible all the same.

    A visible image that somebody has given another name is none: that is its owner's choice.
    """
    return [
        one
        for one in images
        if one.published and one.public_name == name and one.id != image_id
        if not one.hidden and one.name == dated(name, built(one))
    ]


def switch(
    images: Sequence[CloudImage], target: CloudImage, terms: Terms, *, now: datetime
) -> list[Change]:
    """What still has to be done so that the target alone answers to the name, in its order."""
    others = [one for one in holders(images, terms.name) if one.id != target.id]
    notes = {REPLACED_BY: target.id, REPLACED_AT: f"{now.astimezone(UTC):%FT%TZ}"}
    if terms.withdrawing:
        notes[WITHDRAWN] = "true"
    return [
        *_prepare(target, terms),
        *(_hide(one, notes) for one in others if not one.hidden),
        *_present(target, terms),
        *(_rename(one, terms, notes) for one in others),
        *(_hide_again(one, notes) for one in strays(images, terms.name, target.id)),
    ]


def claim(image: CloudImage, publisher: str) -> Change:
    """Make the image a draft of a publisher's, before it is taken up or deleted.

    Of two who are to use one image, only one finds the notes that this takes away.
    """
    notes = tuple(one for one in _passing(image) if one != WITHDRAWN)
    return Change(image.id, f"claim image {image.id}", {PUBLISHER: publisher}, notes)


def release(image: CloudImage) -> Change:
    """Take the claim of a replaced image back; ``image`` is as it was before."""
    notes = {one: image.properties[one] for one in _passing(image)}
    return Change(image.id, f"keep image {image.id}", notes, (PUBLISHER,))


def _passing(image: CloudImage) -> list[str]:
    return [one for one in NOTES if one in image.properties and one != IDENTITY]


def _prepare(target: CloudImage, terms: Terms) -> list[Change]:
    if not target.hidden or (target.visibility == terms.visibility and not terms.attributes):
        return []
    reason = f"give {target.id}, hidden still, visibility {terms.visibility}"
    return [Change(target.id, reason, {**terms.attributes, "visibility": terms.visibility})]


def _hide(image: CloudImage, notes: Mapping[str, str]) -> Change:
    passed = _passing(image)
    return Change(
        image.id,
        f"hide {image.id}, which is replaced",
        {"os_hidden": True, **notes},
        undo=Change(
            image.id,
            f"show {image.id} again",
            {"os_hidden": False, **{one: image.properties[one] for one in passed}},
            tuple(one for one in notes if one not in passed),
        ),
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
    remove = (*_passing(target), *terms.remove)
    if has == attributes and not remove and not terms.attributes:
        return []
    reason = f"give {target.id} the name '{terms.name}', visibility {terms.visibility}"
    return [Change(target.id, reason, {**attributes, **terms.attributes}, remove)]


def _rename(image: CloudImage, terms: Terms, notes: Mapping[str, str]) -> Change:
    name = dated(terms.name, image.created if not image.build else built(image))
    # Protection came with the public name; what its owner protects later is left alone.
    lifted = {"protected": False} if image.protected and terms.protected else {}
    # Hidden and noted once more: in between somebody else may have made it visible.
    attributes = {"name": name, "os_hidden": True, **notes, **lifted}
    return Change(image.id, f"rename {image.id} to '{name}'", attributes)


def _hide_again(image: CloudImage, notes: Mapping[str, str]) -> Change:
    told = {} if REPLACED_BY in image.properties else notes
    return Change(
        image.id, f"hide {image.id}, which was replaced before", {"os_hidden": True, **told}
    )


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
    for left in holders(images, name):
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
        return max(replaced, key=_replaced)
    # The one that it replaced is gone.
    older = [one for one in others if built(one) < built(present)]
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
    """The replaced images that retention no longer keeps, first the one replaced latest.

    An image stays as long as one of the two rules, its own promise (``uuid_validity``) or its
    protection keeps it. Never among them: what has its public name or another one, what is visible,
    a draft, and what this program did not publish.
    """
    if keep_last is None and keep_days is None:
        return []
    replaced = sorted(
        (one for one in ours(images, profile, name) if one.hidden and one.name != name),
        key=lambda one: (_replaced(one), built(one)),
        reverse=True,
    )
    limit = timedelta(days=keep_days or 0)
    return [
        one
        for rank, one in enumerate(replaced)
        if rank >= (keep_last or 0) and now - _replaced(one) >= limit
        if replaceable(one) and not _promised(one, rank, now)
    ]


def replaceable(image: CloudImage) -> bool:
    """Whether it is as retention needs it: replaced, out of sight, and not protected."""
    return (
        image.published and image.hidden and not image.protected and image.name != image.public_name
    )


def _replaced(image: CloudImage) -> datetime:
    try:
        return datetime.fromisoformat(image.properties.get(REPLACED_AT, ""))
    except ValueError:
        return image.updated


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
