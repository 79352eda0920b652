"""Whether builds, and the images of a cloud, keep to the standards of SCS."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from builder.errors import CloudError
from builder.profile.publication import Publication
from builder.publish.candidate.admission import Admission
from builder.publish.candidate.properties import described
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.history import find
from builder.publish.cloud.image import CloudImage, Wanted
from builder.publish.cloud.survey import Survey
from builder.scs.image import ScsImage
from builder.scs.judge import Judged, judge
from builder.scs.purpose import GENERIC, OLDGENERIC, PURPOSE
from builder.scs.uniqueness import RULE, other_generics
from builder.store import manifest


def judge_build(directory: Path, settings: Publication | None = None) -> Judged:
    """Judge a build as the image that it would be with all its claims proven.

    ``settings`` stand in for those that it was built with. Raises ``InputError``.
    """
    build = manifest.read(directory)
    plan = build.planned()
    claimed = Admission(claims=plan.claims, on_inspection=(), dropped=())
    image = as_offered(described(build, claimed, settings or plan.publish))
    return judge(image, now=datetime.now(UTC))


def judge_cloud(glance: Glance) -> list[Judged]:
    """Judge the images of a project: what it offers, and what was published here.

    Images that other projects offer count where there may be only one. Raises ``CloudError``.
    """
    project = glance.project
    every = glance.images()
    seen = [_in_cloud(image) for image in every]
    now = glance.now()
    return [
        judge(image, seen, now=now)
        for image, found in zip(seen, every, strict=True)
        if found.owner == project or not project
        if not found.draft and (image.offered or image.build)
    ]


def require_only_generic(glance: Glance, seen: Survey, wanted: Wanted) -> None:
    """Raise ``CloudError`` where users would find a second generic image beside the wanted one."""
    if wanted.properties.get(PURPOSE) == GENERIC and wanted.visibility == "public":
        generics = glance.images(visibility="public", **{PURPOSE: GENERIC})
        refuse_second_generic(str(glance), seen, generics, wanted)


def refuse_second_generic(
    cloud: str, seen: Survey, generics: Iterable[CloudImage], wanted: Wanted
) -> None:
    """Raise ``CloudError`` where one of the cloud's generic images is a second one. Pure.

    What the publication replaces is none.
    """
    own = find(seen.images, wanted)
    ids = {image.id for image in seen.images}
    images = [
        _in_cloud(image)
        for image in generics
        if not (own and image.id == own.id)
        if image.name != wanted.name or image.id not in ids
    ]
    rivals = other_generics(as_offered(wanted), images)
    if rivals:
        raise CloudError(
            f"'{wanted.name}' is not published in cloud '{cloud}': it has a generic image of that"
            " distribution, version and architecture.",
            details=[
                *(f"{rival.id} is called '{rival.name}'." for rival in rivals),
                f"SCS-0102: {RULE}.",
            ],
            hint=f"Make that one {OLDGENERIC} (openstack image set --property"
            f" {PURPOSE}={OLDGENERIC} ID), or write another 'os_purpose' in the profile's section"
            " 'publish' and name that profile with --settings.",
        )


def as_offered(wanted: Wanted) -> ScsImage:
    """The wanted image when it is published."""
    return ScsImage(
        name=wanted.name,
        build=wanted.build,
        properties=wanted.properties,
        tags=wanted.tags,
        min_disk=wanted.min_disk,
        min_ram=wanted.min_ram,
        size=wanted.data.size,
        visibility=wanted.visibility,
    )


def _in_cloud(image: CloudImage) -> ScsImage:
    return ScsImage(
        name=image.name,
        build=image.build,
        properties=image.properties,
        tags=image.tags,
        min_disk=image.min_disk,
        min_ram=image.min_ram,
        size=image.size,
        visibility=image.visibility,
        hidden=image.hidden,
        id=image.id,
        hash_algorithm=image.hash_algorithm,
        registered=image.created,
    )
