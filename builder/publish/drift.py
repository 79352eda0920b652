"""Whether published images are still as their manifests say, and what repairs them. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from builder.publish.cloud.change import Change
from builder.publish.cloud.data import data_of
from builder.publish.cloud.difference import (
    Difference,
    content_differences,
    known_hash,
    property_differences,
    restoring,
)
from builder.publish.cloud.history import built, images_named, visible_replaced
from builder.publish.cloud.image import (
    ACTIVE,
    BUILD,
    IDENTITY,
    REPLACED_BY,
    CloudImage,
    Wanted,
)
from builder.publish.cloud.names import dated
from builder.publish.rollout.switch import TargetState, switch
from builder.scs.purpose import replaced
from builder.store.manifest import Manifest
from builder.store.sections import Published, PublishedData


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
    """False for what is worth knowing and is no fault."""
    changes: tuple[Change, ...] = ()
    """What repairs it; nothing where it cannot be repaired."""
    sharings: tuple[Sharing, ...] = ()
    """What repairs its members, after the changes."""


@dataclass(frozen=True)
class Record:
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


def recorded_images(
    builds: Iterable[Manifest], images: Iterable[CloudImage], place: Place
) -> dict[str, Record]:
    """What manifests say of the images of one project in one cloud, by image.

    A cloud may have several addresses (interfaces, a new name), so what was published at another
    one counts where the image is here: the same id, and the same build or data. The id alone does
    not tell, for in two regions the first images of a name have the same.
    """
    present = {image.id: image for image in images}
    records = [
        Record(build, record)
        for build in builds
        for record in build.published
        if record.project == place.project or not place.project
    ]
    here = [record for record in records if record.published.endpoint == place.endpoint]
    moved = [record for record in records if _is_of(present.get(record.published.image), record)]
    return {record.published.image: record for record in (*moved, *here)}


def _is_of(image: CloudImage | None, record: Record) -> bool:
    return image is not None and (
        image.build == record.build.build
        or image.hash_value in data_of(record.build, record.published).hashes.values()
    )


def unjudged(builds: Iterable[Manifest], records: Collection[str], place: Place) -> Finding | None:
    """What is to be said where manifests tell of the cloud, and of no image that it has."""
    elsewhere = {
        (record.endpoint, record.project)
        for build in builds
        for record in build.published
        if record.cloud == place.cloud
    }
    if records or not elsewhere:
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


def concerned(images: Iterable[CloudImage], records: Mapping[str, Record]) -> list[CloudImage]:
    """Of a project's images those that an audit looks at.

    What this program has published, what manifests tell of though it no longer says so itself, and
    what somebody else has made that has a public name.
    """
    every = tuple(images)
    names = {image.public_name for image in every if image.profile}
    names |= {record.published.name for record in records.values()}
    return [
        image
        for image in every
        if image.profile or image.id in records or image.name in names - {""}
    ]


def findings(
    images: Sequence[CloudImage],
    records: Mapping[str, Record],
    members: Mapping[str, Sequence[str]],
    *,
    now: datetime,
) -> list[Finding]:
    """Everything that differs, image by image, then name by name."""
    found = [finding for image in images for finding in _of_image(image, records, members)]
    names = {_name_of(image, records) for image in images} | {
        record.published.name for record in records.values()
    }
    for name in sorted(names - {""}):
        found += _of_name(name, images, records, now)
    return found


def _of_image(
    image: CloudImage, records: Mapping[str, Record], members: Mapping[str, Sequence[str]]
) -> list[Finding]:
    subject = f"{image.id} {image.name}"
    if image.draft:
        return [
            Finding(subject, ("unfinished upload; the next publication deletes it",), drift=False)
        ]
    record = records.get(image.id)
    if record is None:
        untold = Finding(subject, ("no manifest here tells of it",), drift=False)
        return [untold] if image.profile else []  # somebody else's is told with its name
    wanted = _in_its_turn(wanted_of(record), image)
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
    if record.published.data and record.published.data.converted:
        found.append(Finding(subject, (_converted(record.published.data),), drift=False))
    if image.hash_value and expected is None:
        note = f"the manifest has no {image.hash_algorithm} hash: the data was not compared"
        found.append(Finding(subject, (note,), drift=False))
    return found


def _converted(data: PublishedData) -> str:
    return (
        f"the cloud has made {data.disk_format} of the {data.sent_as} that it was sent; the disk"
        " was compared when it was published"
    )


def _in_its_turn(wanted: Wanted, image: CloudImage) -> Wanted:
    """What is wanted of a current image, or of a replaced one."""
    if REPLACED_BY not in image.properties:
        return wanted
    return replace(wanted, properties={**wanted.properties, **replaced(wanted.properties)})


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
    name: str, images: Sequence[CloudImage], records: Mapping[str, Record], now: datetime
) -> list[Finding]:
    present = {image.id for image in images}
    of_name = [record for record in records.values() if record.published.name == name]
    latest = max(of_name, key=lambda record: record.published.at, default=None)
    found = []
    if latest is not None and latest.published.image not in present:
        gone = f"- image {latest.published.image} of build {latest.build.build}: it is gone"
        found.append(Finding(name, (gone,)))
    own = [image for image in images if _name_of(image, records) == name]
    answering = [image for image in images_named(own, name) if not image.hidden]
    usable = [image for image in answering or own if image.status == ACTIVE]
    if not usable:
        return found
    target = max(usable, key=lambda image: (_published_at(image, records), built(image)))
    record = records.get(target.id)
    protected = record.published.protected if record else target.protected
    stray = [
        Change(
            image.id,
            f"hide and rename {image.id}",
            {"os_hidden": True, "name": dated(name, built(image))},
        )
        for image in own
        if image.id != target.id and not image.hidden and image.name != name
        if image not in visible_replaced(images, name, target.id)  # the switch hides them
    ]
    terms = TargetState(name, target.visibility, protected)
    changes = (*switch(images, target, terms, now=now), *stray)
    if changes:
        strangers = [image for image in images_named(images, name) if image not in own]
        lines = (
            *(
                f"{image.id} has the name, and was not published by guest-image"
                for image in strangers
            ),
            *(f"~ {change.reason}" for change in changes),
        )
        found.append(Finding(name, lines, changes=changes))
    return found


def _name_of(image: CloudImage, records: Mapping[str, Record]) -> str:
    """The name that an image was published under; its manifest knows it better than itself."""
    if image.draft:
        return ""
    record = records.get(image.id)
    if record is not None:
        return record.published.name
    return image.public_name if image.published else ""


def _published_at(image: CloudImage, records: Mapping[str, Record]) -> float:
    record = records.get(image.id)
    return record.published.at.timestamp() if record else 0.0


def wanted_of(record: Record) -> Wanted:
    """The image as the manifest says that it was published."""
    build, published = record.build, record.published
    return Wanted(
        profile=build.planned().profile,
        build=published.properties.get(BUILD, build.build),
        name=published.name,
        data=data_of(build, published),
        min_disk=published.min_disk,
        min_ram=published.min_ram,
        visibility=published.visibility,
        members=published.members,
        protected=published.protected,
        tags=frozenset(published.tags),
        properties=published.properties,
    )
