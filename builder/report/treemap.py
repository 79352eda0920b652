"""What takes the space, as rectangles whose areas are in proportion to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import squarify

from builder.report.units import size

Kind = Literal["package", "other", "rest"]

SMALLEST_SHARE = 0.0025
"""Whatever has less of the whole is drawn together: nobody could see it, or read its name."""

FONT_SIZE = 13.0
CHARACTER_WIDTH = 0.6 * FONT_SIZE
"""As wide as the wider letters of a sans-serif typeface are."""
LINE_HEIGHT = 1.25 * FONT_SIZE
PADDING = 5.0
LEGIBLE = 6
"""Characters of a name that is cut short, at least."""


@dataclass(frozen=True)
class Rectangle:
    """A part of the plane; y grows downwards."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Item:
    """Something that takes ``size`` bytes: a package, or files of a directory that are of none."""

    name: str
    kind: Kind
    size: int


@dataclass(frozen=True)
class Cell:
    """An item and its place. ``lines`` is what of name and size can be read there."""

    item: Item
    place: Rectangle
    lines: tuple[str, ...]


def treemap(items: Sequence[Item], frame: Rectangle) -> tuple[Cell, ...]:
    """A cell for every item that can be seen, and one for the small ones of each kind."""
    shown = _with_small_ones_together(items)
    return tuple(
        Cell(item, place, _lines(item, place))
        for item, place in zip(shown, places([item.size for item in shown], frame), strict=True)
    )


def places(sizes: Sequence[float], frame: Rectangle) -> tuple[Rectangle, ...]:
    """Rectangles that fill the frame, one per size, in proportion to the sizes.

    The sizes are positive, the largest first.
    """
    areas = squarify.normalize_sizes(sizes, frame.width, frame.height)
    rectangles = squarify.squarify(areas, frame.x, frame.y, frame.width, frame.height)
    return tuple(
        # Of a rectangle that is hardly there, rounding may leave less than nothing.
        Rectangle(place["x"], place["y"], max(place["dx"], 0.0), max(place["dy"], 0.0))
        for place in rectangles
    )


def _with_small_ones_together(items: Sequence[Item]) -> list[Item]:
    least = SMALLEST_SHARE * sum(item.size for item in items)
    shown = [item for item in items if item.size and item.size >= least]
    for kind, name in (("package", "packages"), ("other", "directories")):
        small = [item for item in items if item.kind == kind and 0 < item.size < least]
        if small:
            total = sum(item.size for item in small)
            shown.append(Item(f"{len(small)} smaller {name}", "rest", total))
    return sorted(shown, key=lambda item: item.size, reverse=True)


def _lines(item: Item, place: Rectangle) -> tuple[str, ...]:
    """Name and size where both fit; a long name is cut short, unless too little of it is left."""
    characters = int((place.width - 2 * PADDING) / CHARACTER_WIDTH)
    room = int((place.height - 2 * PADDING) / LINE_HEIGHT)
    name = item.name
    if len(name) > characters:
        name = f"{name[: characters - 1]}…" if characters >= LEGIBLE else ""
    fitting = [text for text in (name, size(item.size)) if text and len(text) <= characters]
    return tuple(fitting[:room]) if name else ()
