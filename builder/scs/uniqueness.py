"""Users who look for a distribution's generic image find one: SCS-0102, version 2. Pure."""

from collections.abc import Iterable, Iterator

from builder.scs.image import ScsImage
from builder.scs.purpose import GENERIC, OLDGENERIC, PURPOSE
from builder.scs.remedy import giving
from builder.scs.shortfall import METADATA, Level, Shortfall

_WHAT = ("os_distro", "os_version", "architecture")

RULE = "of a distribution, version and architecture one visible public image at most is generic"


def generic_of(image: ScsImage) -> tuple[str, ...] | None:
    """Distribution, version and architecture, where users find it as the generic image of them."""
    what = tuple(image.properties.get(name, "") for name in _WHAT)
    return what if image.found and image.purpose == GENERIC and all(what[:2]) else None


def other_generics(image: ScsImage, images: Iterable[ScsImage]) -> list[ScsImage]:
    """The other images that are found where the image is: none of them should be."""
    what = generic_of(image)
    return [
        other
        for other in images
        if what is not None and other.id != image.id and generic_of(other) == what
    ]


def uniqueness_shortfalls(image: ScsImage, images: Iterable[ScsImage]) -> Iterator[Shortfall]:
    """A generic image beside another one."""
    others = other_generics(image, images)
    if others:
        names = ", ".join(f"'{other.name}' ({other.id})" for other in others)
        what = " ".join(generic_of(image) or ())
        yield Shortfall(
            METADATA, Level.MUST, PURPOSE, RULE, f"{what} has this one and {names}",
            f"Hide all but one, or make the others {OLDGENERIC} or custom."
            f" {giving(image, PURPOSE, 'custom')}",
        )  # fmt: skip
