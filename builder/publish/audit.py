"""Whether published images are still as their manifests say, and what repairs them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from builder.manifest import Manifest, Published
from builder.publish.difference import (
    Difference,
    content_differences,
    property_differences,
    restoring,
)
from builder.publish.image import ACTIVE, BUILD, SHA256, CloudImage, Wanted
from builder.publish.properties import dated
from builder.publish.release import Change, Terms, built, holders, switch


@dataclass(frozen=True)
class Finding:
    """What is to be said of one image or name."""

    subject: str
    lines: tuple[str, ...]
    drift: bool = True
    """False for what is to be known and is no fault."""
    changes: tuple[Change, ...] = ()
    """What repairs it; nothing where it cannot be repaired."""


@dataclass(frozen=True)
class Known:
    """A manifest, and what it says of one image."""

    build: Manifest
    published: Published


def known_images(builds: Iterable[Manifest], endpoint: str) -> dict[str, Known]:
    """What manifests say of the images of one cloud, by image."""
    return {
        record.image: Known(build, record)
        for build in builds
        for record in build.published
        if record.endpoint == endpoint
    }


def findings(
    images: Sequence[CloudImage],
    known: Mapping[str, Known],
    members: Mapping[str, Sequence[str]],
    *,
    now: datetime,
) -> list[Finding]:
    """Everything that differs, image by image, then name by name."""
    found = [one for image in images for one in _of_image(image, known, members)]
    names = {one.public_name for one in images if one.published} | {
        one.published.name for one in known.values()
    }
    for name in sorted(names - {""}):
        found += _of_name(name, images, known, now)
    return found


def _of_image(
    image: CloudImage, known: Mapping[str, Known], members: Mapping[str, Sequence[str]]
) -> list[Finding]:
    subject = f"{image.id} {image.name}"
    if image.draft:
        return [
            Finding(subject, ("unfinished upload; the next publication deletes it",), drift=False)
        ]
    told = known.get(image.id)
    if told is None:
        return [Finding(subject, ("no manifest here tells of it",), drift=False)]
    wanted = wanted_of(told)
    hashes = {"sha512": wanted.sha512, "sha256": wanted.properties.get(SHA256)}
    content = content_differences(image, wanted, hashes.get(image.hash_algorithm))
    changeable = property_differences(image, wanted)
    if image.visibility != wanted.visibility:
        changeable.append(Difference("visibility", image.visibility, wanted.visibility))
    people = _member_differences(image, wanted, members.get(image.id, ()))
    everything = [*content, *changeable, *people]
    if not everything:
        return []
    attributes, remove = restoring(changeable, wanted)
    change = Change(image.id, f"repair {image.id}", attributes, remove)
    lines = tuple(map(str, everything))
    return [Finding(subject, lines, changes=(change,) if changeable else ())]


def _member_differences(
    image: CloudImage, wanted: Wanted, members: Sequence[str]
) -> list[Difference]:
    if image.visibility != "shared" or sorted(members) == sorted(wanted.members):
        return []
    return [Difference("members", ", ".join(sorted(members)), ", ".join(sorted(wanted.members)))]


def _of_name(
    name: str, images: Sequence[CloudImage], known: Mapping[str, Known], now: datetime
) -> list[Finding]:
    present = {one.id for one in images}
    told = [one for one in known.values() if one.published.name == name]
    latest = max(told, key=lambda one: one.published.at, default=None)
    found = []
    if latest is not None and latest.published.image not in present:
        gone = f"- image {latest.published.image} of build {latest.build.build}: it is gone"
        found.append(Finding(name, (gone,)))
    own = [one for one in images if one.public_name == name and one.published]
    answering = [one for one in holders(own, name) if not one.hidden]
    usable = [one for one in answering or own if one.status == ACTIVE]
    if not usable:
        return found
    target = max(usable, key=lambda one: (_published_at(one, known), built(one)))
    record = known.get(target.id)
    protected = record.published.protected if record else target.protected
    stray = [
        Change(
            one.id,
            f"hide and rename {one.id}",
            {"os_hidden": True, "name": dated(name, built(one))},
        )
        for one in own
        if one.id != target.id and not one.hidden and one.name != name
    ]
    terms = Terms(name, target.visibility, protected)
    changes = (*switch(images, target, terms, now=now), *stray)
    if changes:
        lines = tuple(f"~ {one.reason}" for one in changes)
        found.append(Finding(name, lines, changes=changes))
    return found


def _published_at(image: CloudImage, known: Mapping[str, Known]) -> float:
    told = known.get(image.id)
    return told.published.at.timestamp() if told else 0.0


def wanted_of(known: Known) -> Wanted:
    """The image as the manifest says that it was published."""
    build, record = known.build, known.published
    return Wanted(
        profile=build.planned().profile,
        build=record.properties.get(BUILD, build.build),
        name=record.name,
        dated=dated(record.name, build.created),
        size=build.image.size,
        sha512=build.image.sha512,
        disk_format=build.image.format,
        min_disk=record.min_disk,
        min_ram=record.min_ram,
        visibility=record.visibility,
        members=record.members,
        protected=record.protected,
        tags=frozenset(record.tags),
        properties=record.properties,
    )
