"""What this program has published in a cloud, for people and for programs. Pure."""

from collections.abc import Iterable

from builder.publish.cloud.history import built
from builder.publish.cloud.image import CloudImage
from builder.terminal.output import DOUBT, GOOD, Part, line, table

MIB = 1024 * 1024
_STYLES = {"current": GOOD, "unfinished": DOUBT}


def state(image: CloudImage) -> str:
    """What the image is: the current one of its name, a replaced one, or a draft."""
    if image.draft:
        return "unfinished"
    if image.name == image.public_name and not image.hidden:
        return "current"
    return "replaced" if image.hidden else "renamed"


def ordered(images: Iterable[CloudImage]) -> list[CloudImage]:
    """By profile, newest build first."""
    newest_first = sorted(images, key=built, reverse=True)
    return sorted(newest_first, key=lambda one: one.profile)


def listing_text(images: Iterable[CloudImage]) -> list[Part]:
    """One row per image, under a heading."""
    rows = [
        (
            one.profile,
            line(state(one), _STYLES.get(state(one), "")),
            one.build,
            one.status,
            one.visibility,
            f"{(one.size or 0) / MIB:.0f} MiB",
            one.id,
        )
        for one in ordered(images)
    ]
    heading = ("profile", "state", "build", "status", "visibility", "size", "id")
    return table(rows, heading=heading, level=0) or [line("nothing is published here")]


def listing_json(images: Iterable[CloudImage]) -> list[dict[str, object]]:
    """The same for programs."""
    return [
        {
            "id": one.id,
            "name": one.name,
            "public_name": one.public_name,
            "profile": one.profile,
            "build": one.build,
            "state": state(one),
            "status": one.status,
            "visibility": one.visibility,
            "hidden": one.hidden,
            "protected": one.protected,
            "size": one.size,
            "properties": dict(one.properties),
        }
        for one in ordered(images)
    ]
