"""An image against every rule of the standards. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from builder.scs.image import ScsImage
from builder.scs.metadata import (
    bus_shortfalls,
    hash_shortfalls,
    licence_shortfalls,
    property_shortfalls,
    size_shortfalls,
    tag_shortfalls,
    version_shortfalls,
)
from builder.scs.renewal import date_shortfalls, recency_shortfalls, rotation_shortfalls
from builder.scs.shortfall import Level, Shortfall
from builder.scs.standard_images import capi_shortfalls, name_shortfalls, source_shortfalls
from builder.scs.uniqueness import uniqueness_shortfalls


@dataclass(frozen=True)
class Judged:
    """An image, and where it falls short."""

    image: ScsImage
    shortfalls: tuple[Shortfall, ...]
    """What must be first."""

    @property
    def conforms(self) -> bool:
        """Whether it keeps everything that it must."""
        return not any(shortfall.level is Level.MUST for shortfall in self.shortfalls)


def judge(image: ScsImage, others: Sequence[ScsImage] = (), *, now: datetime) -> Judged:
    """Judge an image; ``others`` are the images that users of its cloud see."""
    found = [
        *property_shortfalls(image),
        *version_shortfalls(image),
        *size_shortfalls(image),
        *bus_shortfalls(image),
        *uniqueness_shortfalls(image, others),
        *source_shortfalls(image),
        *name_shortfalls(image),
        *capi_shortfalls(image),
        *date_shortfalls(image, now),
        *recency_shortfalls(image, now),
        *rotation_shortfalls(image),
        *licence_shortfalls(image),
        *tag_shortfalls(image),
        *hash_shortfalls(image),
    ]
    return Judged(
        image, tuple(sorted(found, key=lambda shortfall: shortfall.level is not Level.MUST))
    )
