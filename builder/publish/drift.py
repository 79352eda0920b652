"""Whether published images are still as their manifests say, and what repairs them. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from builder.publish.cloud.change import Change
from builder.publish.cloud.difference import (
    Difference,
    content_differences,
    known_hash,
    property_differences,
    restoring,
)
from builder.publish.cloud.history import built, images_named, visible_replaced
from builder.publish.cloud.image import ACTIVE, BUILD, IDENTITY, CloudImage, Wanted
from builder.publish.cloud.names import dated
from builder.publish.rollout.switch import TargetState, switch
from builder.store.manifest import Manifest, Published


@dataclass(frozen=True)
class Sharing:
    """An image that is to be shared with a project, or no longer."""

    image: str
    project: str
    wanted: bool

    @property
    def reason(self) -> str:
        """For the log: what it does, as a sentence without a stop."""
        how = "share" if self.wanted else "no longer share"
        return f"{how} {self.image} with {self.project}"


@dataclass(frozen=True)
class Finding:
    """What is to be said of one image or name."""

    subject: str
    lines: tuple[str, ...]
    drift: bool = True
    """False for what is to be known and is no fault."""
    changes: tuple[Change, ...] = ()
    """What repairs it; nothing where it cannot be repaired."""
    sharings: tuple[Sharing, ...] = ()
    """What repairs its members, after the changes."""


@dataclass(frozen=True)
class Known:
    """A manifest, and what it says of one image."""

    build: Manifest
    published: Published


@dataclass(frozen=True)
class Place:
    """A cloud as one project sees it."""

    cloud: str
    """Its name in ``clouds.yaml``."""
    endpoint: str
    """Where its Glance is."""
    project: str
    """The project's id, or the empty string where there are no projects."""


def known_images(
    builds: Iterable[Manifest], images: Iterable[CloudImage], place: Place
) -> dict[str, Known]:
    """What manifests say of the images of one project in one cloud, by image.

    A cloud may have several addresses (interfaces, a new name), so what was published at another
    one counts where the image is here: the same id, and the same build or data. The id alone does
    not tell, for in two regions the first images of a name have the same.
    """
    present = {one.id: one for one in images}
    records = [
        Known(build, record)
        for build in builds
        for record in build.published
        if record.project == place.project or not place.project
    ]
    here = [one for one in records if one.published.endpoint == place.endpoint]
    moved = [one for one in records if _is_of(present.get(one.published.image), one.build)]
    return {one.published.image: one for one in (*moved, *here)}


def _is_of(image: CloudImage | None, build: Manifest) -> bool:
    return image is not None and (
        image.build == build.build or image.hash_value == build.image.sha512
    )


def unjudged(builds: Iterable[Manifest], known: Collection[str], place: Place) -> Finding | None:
    """What is to be said where manifests tell of the cloud, and of no image that it has."""
    elsewhere = {
        (record.endpoint, record.project)
        for build in builds
        for record in build.published
        if record.cloud == place.cloud
    }
    if known or not elsewhere:
        return None
    return Finding(
        place.cloud,
        (
            f"nothing was compared: this is project {place.project or '-'} at {place.endpoint}",
            *(
                f"the manifests tell of project {project or '-'} at {endpoint}"
                for endpoint, project in sorted(elsewhere)
            ),
        ),
    )


def concerned(images: Iterable[CloudImage], known: Mapping[str, Known]) -> list[CloudImage]:
    """Of a project's images those that an audit looks at.

    What this program has published, what manifests tell of though it no longer says so itself, and
    what somebody else has made that has a public name.
    """
    every = tuple(images)
    names = {one.public_name for one in every if one.profile}
    names |= {one.published.name for one in known.values()}
    return [one for one in every if one.profile or one.id in known or one.name in names - {""}]


def findings(
    images: Sequence[CloudImage],
    known: Mapping[str, Known],
    members: Mapping[str, Sequence[str]],
    *,
    now: datetime,
) -> list[Finding]:
    """Everything that differs, image by image, then name by name."""
    found = [one for image in images for one in _of_image(image, known, members)]
    names = {_name_of(one, known) for one in images} | {
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
        untold = Finding(subject, ("no manifest here tells of it",), drift=False)
        return [untold] if image.profile else []  # somebody else's is told with its name
    wanted = wanted_of(told)
    expected = known_hash(wanted, image.hash_algorithm)
    content = content_differences(image, wanted, expected)
    changeable = property_differences(image, wanted)
    if image.visibility != wanted.visibility:
        changeable.append(Difference("visibility", image.visibility, wanted.visibility))
    identity = image.properties.get(IDENTITY)
    if identity != image.id:
        changeable.append(Difference(IDENTITY, identity, image.id))
    people = sharings(image, wanted, members.get(image.id, ()))
    shared = _member_differences(people, wanted, members.get(image.id, ()))
    everything = [*content, *changeable, *shared]
    found = []
    if everything:
        own = replace(wanted, properties={**wanted.properties, IDENTITY: image.id})
        attributes, remove = restoring(changeable, own)
        change = Change(image.id, f"repair {image.id}", attributes, remove)
        lines = tuple(map(str, everything))
        changes = (change,) if changeable else ()
        found.append(Finding(subject, lines, changes=changes, sharings=people))
    if image.hash_value and expected is None:
        note = f"the manifest has no {image.hash_algorithm} hash: the data was not compared"
        found.append(Finding(subject, (note,), drift=False))
    return found


def sharings(image: CloudImage, wanted: Wanted, members: Sequence[str]) -> tuple[Sharing, ...]:
    """What gives an image the wanted members; Glance knows members of shared images only."""
    if wanted.visibility != "shared":
        return ()
    now, should = set(members), set(wanted.members)
    return tuple(Sharing(image.id, project, project in should) for project in sorted(now ^ should))


def _member_differences(
    people: Sequence[Sharing], wanted: Wanted, members: Sequence[str]
) -> list[Difference]:
    if not people:
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
    own = [one for one in images if _name_of(one, known) == name]
    answering = [one for one in images_named(own, name) if not one.hidden]
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
        if one not in visible_replaced(images, name, target.id)  # the switch hides them
    ]
    terms = TargetState(name, target.visibility, protected)
    changes = (*switch(images, target, terms, now=now), *stray)
    if changes:
        strangers = [one for one in images_named(images, name) if one not in own]
        lines = (
            *(f"{one.id} has the name, and was not published by guest-image" for one in strangers),
            *(f"~ {one.reason}" for one in changes),
        )
        found.append(Finding(name, lines, changes=changes))
    return found


def _name_of(image: CloudImage, known: Mapping[str, Known]) -> str:
    """The name that an image was published under; its manifest knows it better than itself."""
    if image.draft:
        return ""
    told = known.get(image.id)
    if told is not None:
        return told.published.name
    return image.public_name if image.published else ""


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
