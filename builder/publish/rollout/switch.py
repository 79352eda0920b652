"""Who answers to a public name, and how it comes to be another image. Pure.

Glance changes one image at a time, so a name goes from one image to the next in these changes:

0. the next image, hidden still, gets its visibility: what may be refused is refused here;
1. the previous image is hidden; it keeps the name, and notes who replaces it;
2. the next one takes the name and is visible, in one request;
3. the previous one gets its dated name, and is ``oldgeneric`` where it was ``generic`` (SCS-0102).

Before 2 the name is found at the hidden image (openstacksdk, and so the ``openstack`` command,
looks among the hidden ones where no other has the name), after 2 at the next one. So exactly one
image answers at every instant, and what a killed publisher left says what is to follow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from builder.publish.cloud.change import Change
from builder.publish.cloud.history import built, images_named, visible_replaced
from builder.publish.cloud.image import (
    IDENTITY,
    NOTES,
    PUBLISHER,
    REPLACED_AT,
    REPLACED_BY,
    WITHDRAWN,
    CloudImage,
)
from builder.publish.cloud.names import dated
from builder.scs.purpose import replaced, returned


@dataclass(frozen=True)
class TargetState:
    """What comes with the public name."""

    name: str
    visibility: str
    protected: bool
    attributes: Mapping[str, object] = field(default_factory=dict)
    """Further values that the image gets in the same request."""
    remove: tuple[str, ...] = ()
    withdrawing: bool = False
    """Whether what is replaced is not to come back by a rollback, for this is one."""


def switch(
    images: Sequence[CloudImage], target: CloudImage, terms: TargetState, *, now: datetime
) -> list[Change]:
    """What still has to be done so that the target alone answers to the name, in its order."""
    others = [image for image in images_named(images, terms.name) if image.id != target.id]
    notes = {REPLACED_BY: target.id, REPLACED_AT: f"{now.astimezone(UTC):%FT%TZ}"}
    if terms.withdrawing:
        notes[WITHDRAWN] = "true"
    return [
        *_prepare(target, terms),
        *(_hide(image, notes) for image in others if not image.hidden),
        *_present(target, terms),
        *(_rename(image, terms, notes) for image in others),
        *(_hide_again(image, notes) for image in visible_replaced(images, terms.name, target.id)),
    ]


def claim(image: CloudImage, publisher: str) -> Change:
    """Make the image a draft of a publisher's, before it is taken up or deleted.

    Of two who are to use one image, only one finds the notes that this takes away.
    """
    notes = tuple(note for note in _passing(image) if note != WITHDRAWN)
    return Change(image.id, f"claim image {image.id}", {PUBLISHER: publisher}, notes)


def release(image: CloudImage) -> Change:
    """Take the claim of a replaced image back; ``image`` is as it was before."""
    notes = {note: image.properties[note] for note in _passing(image)}
    return Change(image.id, f"keep image {image.id}", notes, (PUBLISHER,))


def _passing(image: CloudImage) -> list[str]:
    return [note for note in NOTES if note in image.properties and note != IDENTITY]


def _prepare(target: CloudImage, terms: TargetState) -> list[Change]:
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
            {"os_hidden": False, **{note: image.properties[note] for note in passed}},
            tuple(note for note in notes if note not in passed),
        ),
    )


def _present(target: CloudImage, terms: TargetState) -> list[Change]:
    attributes = {
        "name": terms.name,
        "os_hidden": False,
        "visibility": terms.visibility,
        "protected": terms.protected,
    }
    further = {**returned(target.properties), **terms.attributes}
    has = {
        "name": target.name,
        "os_hidden": target.hidden,
        "visibility": target.visibility,
        "protected": target.protected,
    }
    remove = (*_passing(target), *terms.remove)
    if has == attributes and not remove and not further:
        return []
    reason = f"give {target.id} the name '{terms.name}', visibility {terms.visibility}"
    return [Change(target.id, reason, {**attributes, **further}, remove)]


def _rename(image: CloudImage, terms: TargetState, notes: Mapping[str, str]) -> Change:
    name = dated(terms.name, image.created if not image.build else built(image))
    # Protection came with the public name; what its owner protects later is left alone.
    lifted = {"protected": False} if image.protected and terms.protected else {}
    # Hidden and noted once more: in between somebody else may have made it visible.
    old = replaced(image.properties)
    attributes = {"name": name, "os_hidden": True, **notes, **lifted, **old}
    return Change(image.id, f"rename {image.id} to '{name}'{_told(old)}", attributes)


def _hide_again(image: CloudImage, notes: Mapping[str, str]) -> Change:
    told = {} if REPLACED_BY in image.properties else notes
    old = replaced(image.properties)
    reason = f"hide {image.id}, which was replaced before{_told(old)}"
    return Change(image.id, reason, {"os_hidden": True, **told, **old})


def _told(properties: Mapping[str, str]) -> str:
    return "".join(f", {name}={value}" for name, value in properties.items())
