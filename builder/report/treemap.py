"""What takes the space, as rectangles whose areas are in proportion to it.

The layout is the squarified treemap of Bruls, Huizing and van Wijk (2000): rows are laid along the
shorter side of what is left, and a row takes in further rectangles while that makes its worst one
more like a square.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

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
    places = squarify([item.size for item in shown], frame)
    return tuple(
        Cell(item, place, _lines(item, place)) for item, place in zip(shown, places, strict=True)
    )


def squarify(sizes: Sequence[float], frame: Rectangle) -> tuple[Rectangle, ...]:
    """Rectangles that fill the frame, one per size, in proportion to the sizes.

    The sizes are positive, the largest first.
    """
    areas = [size * frame.width * frame.height / sum(sizes) for size in sizes]
    places: list[Rectangle] = []
    rest = frame
    while areas:
        row = _row(areas, min(rest.width, rest.height))
        del areas[: len(row)]
        laid, rest = _lay(row, rest, last=not areas)
        places += laid
    return tuple(places)


def _row(areas: Sequence[float], side: float) -> list[float]:
    row = [areas[0]]
    for area in areas[1:]:
        if _worst(row, side) < _worst([*row, area], side):
            break
        row.append(area)
    return row


def _worst(row: Sequence[float], side: float) -> float:
    """The ratio of the longer to the shorter side of the row's least square rectangle."""
    depth = sum(row) / side
    return max(max(depth * depth / area, area / (depth * depth)) for area in row)


def _lay(row: Sequence[float], rest: Rectangle, *, last: bool) -> tuple[list[Rectangle], Rectangle]:
    """The row's rectangles along the shorter side of ``rest``, and what is left of that."""
    across = rest.width >= rest.height
    side, length = (rest.height, rest.width) if across else (rest.width, rest.height)
    depth = length if last else min(sum(row) / side, length)
    laid, start = [], 0.0
    for area in row:
        extent = min(side * area / sum(row), side - start)
        laid.append(
            Rectangle(rest.x, rest.y + start, depth, extent)
            if across
            else Rectangle(rest.x + start, rest.y, extent, depth)
        )
        start += extent
    if across:
        return laid, Rectangle(rest.x + depth, rest.y, rest.width - depth, rest.height)
    return laid, Rectangle(rest.x, rest.y + depth, rest.width, rest.height - depth)


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
