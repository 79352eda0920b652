"""What this program has published in a cloud, for people and for programs. Pure."""

from collections.abc import Iterable

from builder.publish.cloud.history import built
from builder.publish.cloud.image import CloudImage
from builder.terminal.output import DOUBT, GOOD, Part, line, table

MIB = 1024 * 1024
CURRENT, UNFINISHED = "current", "unfinished"
_STYLES = {CURRENT: GOOD, UNFINISHED: DOUBT}


def state(image: CloudImage) -> str:
    """What the image is: the current one of its name, a replaced one, or a draft."""
    if image.draft:
        return UNFINISHED
    if image.name == image.public_name and not image.hidden:
        return CURRENT
    return "replaced" if image.hidden else "renamed"


def ordered(images: Iterable[CloudImage]) -> list[CloudImage]:
    """By profile, newest build first."""
    newest_first = sorted(images, key=built, reverse=True)
    return sorted(newest_first, key=lambda image: image.profile)


def listing_text(images: Iterable[CloudImage]) -> list[Part]:
    """One row per image, under a heading."""
    rows = [
        (
            image.profile,
            line(state(image), _STYLES.get(state(image), "")),
            image.build,
            image.status,
            image.visibility,
            f"{(image.size or 0) / MIB:.0f} MiB",
            image.id,
        )
        for image in ordered(images)
    ]
    heading = ("profile", "state", "build", "status", "visibility", "size", "id")
    return table(rows, heading=heading, level=0) or [line("nothing is published here")]


def listing_json(images: Iterable[CloudImage]) -> list[dict[str, object]]:
    """The same for programs."""
    return [
        {
            "id": image.id,
            "name": image.name,
            "public_name": image.public_name,
            "profile": image.profile,
            "build": image.build,
            "state": state(image),
            "status": image.status,
            "visibility": image.visibility,
            "hidden": image.hidden,
            "protected": image.protected,
            "size": image.size,
            "properties": dict(image.properties),
        }
        for image in ordered(images)
    ]
