"""What a publication would do, as a difference to what the cloud has. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from builder.publish.cloud.change import Change
from builder.publish.cloud.difference import (
    content_differences,
    known_hash,
    mapping_differences,
    property_differences,
)
from builder.publish.cloud.history import find, images_named
from builder.publish.cloud.image import ACTIVE, PUBLISHER, CloudImage, Wanted
from builder.publish.cloud.names import draft_name
from builder.publish.cloud.survey import Survey
from builder.publish.drift import sharings
from builder.publish.rollout.changes import planned_changes
from builder.publish.rollout.retention import Retention, superfluous

MIB = 1024 * 1024
_NEW = "(new)"


def preview(
    seen: Survey, wanted: Wanted, retention: Retention, members: Sequence[str] = ()
) -> list[str]:
    """Lines that begin with ``+`` (made), ``~`` (changed) or ``-`` (deleted); none: no change.

    ``members`` are those of the build's image, where it is published and shared. A draft is judged
    by what Glance says of it.
    """
    published = find(seen.images, wanted)
    sound = (
        None
        if published
        else next((draft for draft in seen.drafts if _is_sound(draft, wanted)), None)
    )
    lines = [
        f"- unfinished upload {draft.id} of build {draft.build}"
        for draft in seen.drafts
        if draft != sound
    ]
    target = published or sound or _future(seen, wanted)
    images = (*(image for image in seen.images if image.id != target.id), target)
    changes = planned_changes(replace(seen, images=images), target, wanted)
    if published is None:
        lines += _new(wanted, next(iter(_answering(seen, wanted.name)), None), sound)
        lines += [f"~ {change.reason}" for change in changes if change.image != target.id]
    else:
        lines += [f"~ {change.reason}" for change in changes]
        lines += [f"  {difference}" for difference in property_differences(published, wanted)]
        lines += [f"~ {sharing.reason}" for sharing in sharings(published, wanted, members)]
    superseded = superfluous(
        _after(images, changes),
        wanted.profile,
        wanted.name,
        keep_last=retention.keep_last,
        keep_days=retention.keep_days,
        now=seen.now,
    )
    return lines + [
        f"- {image.id} of build {image.build}, as retention says" for image in superseded
    ]


def _is_sound(draft: CloudImage, wanted: Wanted) -> bool:
    expected = known_hash(wanted, draft.hash_algorithm)
    return not content_differences(draft, wanted, expected) and not property_differences(
        draft, wanted
    )


def _future(seen: Survey, wanted: Wanted) -> CloudImage:
    """The draft that would be made."""
    return CloudImage(
        id=_NEW,
        name=draft_name(wanted.name, wanted.build),
        status=ACTIVE,
        hidden=True,
        visibility="private",
        protected=False,
        owner="",
        created=seen.now,
        updated=seen.now,
        size=wanted.data.size,
        hash_algorithm="sha512",
        hash_value=wanted.data.hashes.get("sha512", ""),
        disk_format=wanted.data.disk_format,
        container_format="bare",
        min_disk=wanted.min_disk,
        min_ram=wanted.min_ram,
        tags=wanted.tags,
        properties={**wanted.properties, PUBLISHER: _NEW},
    )


def _after(images: Iterable[CloudImage], changes: Sequence[Change]) -> list[CloudImage]:
    """The images when the changes have been made, as far as retention looks at them."""
    after = list(images)
    for change in changes:
        after = [_changed(image, change) if image.id == change.image else image for image in after]
    return after


def _changed(image: CloudImage, change: Change) -> CloudImage:
    fields = {
        "name": image.name,
        "os_hidden": image.hidden,
        "visibility": image.visibility,
        "protected": image.protected,
    }
    others = {**image.properties, **change.attributes}
    values = {**fields, **change.attributes}
    return replace(
        image,
        name=str(values["name"]),
        hidden=bool(values["os_hidden"]),
        visibility=str(values["visibility"]),
        protected=bool(values["protected"]),
        properties={
            name: str(value)
            for name, value in others.items()
            if name not in fields and (name in change.attributes or name not in change.remove)
        },
    )


def _answering(seen: Survey, name: str) -> list[CloudImage]:
    having = images_named(seen.images, name)
    return [image for image in having if not image.hidden] or having


def _new(wanted: Wanted, before: CloudImage | None, sound: CloudImage | None) -> list[str]:
    now = {**before.properties, **_attributes_of(before)} if before else {}
    should = {
        **wanted.properties,
        "visibility": wanted.visibility,
        "protected": str(wanted.protected).lower(),
        "min_disk": str(wanted.min_disk),
        "min_ram": str(wanted.min_ram),
        "tags": ", ".join(sorted(wanted.tags)),
        "members": ", ".join(wanted.members),
    }
    differences = mapping_differences(now, {key: value for key, value in should.items() if value})
    size = (
        f"{wanted.data.size / MIB:.0f} MiB" if sound is None else f"uploaded already as {sound.id}"
    )
    instead = f" instead of {before.id}" if before else ""
    return [
        f"+ image '{wanted.name}' of build {wanted.build}, {size}{instead}",
        *(f"  {difference}" for difference in differences),
    ]


def _attributes_of(image: CloudImage) -> dict[str, str]:
    return {
        "visibility": image.visibility,
        "protected": str(image.protected).lower(),
        "min_disk": str(image.min_disk),
        "min_ram": str(image.min_ram),
        "tags": ", ".join(sorted(image.tags)),
    }
