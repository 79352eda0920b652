"""A small picture of how a number changed over a profile's builds. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT = 320, 90
MARGIN = 6
"""Room for a mark at the edge."""


@dataclass(frozen=True)
class Point:
    """A number of one build."""

    build: str
    at: datetime
    value: float


@dataclass(frozen=True)
class Mark:
    """A point, where it is drawn, and what it tells."""

    x: float
    y: float
    told: str


@dataclass(frozen=True)
class Line:
    """The marks of one series, oldest first."""

    name: str
    """What tells it from others of its chart; empty for the only one."""
    marks: tuple[Mark, ...]

    @property
    def points(self) -> str:
        """Those of an SVG's polyline."""
        return " ".join(f"{mark.x:g},{mark.y:g}" for mark in self.marks)


@dataclass(frozen=True)
class Chart:
    """A picture, and its content in words for those who do not see it."""

    title: str
    newest: str
    span: str
    """The least and the most."""
    lines: tuple[Line, ...]

    @property
    def summary(self) -> str:
        """All of it in a sentence."""
        return f"{self.title}: {self.newest} in the newest build, {self.span}"


def chart(
    title: str, series: Mapping[str, Sequence[Point]], tell: Callable[[float], str]
) -> Chart | None:
    """The chart of one or several series by their names; None where a single moment has points.

    The scale begins at the least number, not at zero: what matters is what changes.
    """
    drawn = {name: sorted(points, key=_when) for name, points in series.items() if points}
    everything = [point for points in drawn.values() for point in points]
    if len({point.at for point in everything}) <= 1:
        return None
    values = [point.value for point in everything]
    low, high = min(values), max(values)
    first, last = min(map(_when, everything)), max(map(_when, everything))

    def mark(name: str, point: Point) -> Mark:
        across = (point.at - first) / (last - first)
        up = (point.value - low) / (high - low) if high > low else 0.5
        told = f"{point.build}: {tell(point.value)}{f' ({name})' if name else ''}"
        return Mark(
            x=round(MARGIN + across * (WIDTH - 2 * MARGIN), 1),
            y=round(HEIGHT - MARGIN - up * (HEIGHT - 2 * MARGIN), 1),
            told=told,
        )

    newest = max(everything, key=_when)
    least, most = tell(low), tell(high)
    return Chart(
        title=title,
        newest=tell(newest.value),
        span=f"{least} to {most}" if least != most else f"always {least}",
        lines=tuple(
            Line(name, tuple(mark(name, point) for point in points))
            for name, points in drawn.items()
        ),
    )


def _when(point: Point) -> datetime:
    return point.at
