"""A picture of throughputs over numbers of hosts: both on scales of powers, as SVG. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jinja2

from builder.catalogue.chart import Line, Mark

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 210, 50, 60
LINE = 16
"""The height of a line of text."""
COLOURS = ("#0b5394", "#38761d", "#b45f06", "#990000", "#674ea7", "#45818e")

_TEMPLATE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{ width }} {{ height }}" role="img"
     font-family="sans-serif" font-size="12">
  <title>{{ title }}</title>
  <rect width="{{ width }}" height="{{ height }}" fill="#fff"/>
  <text x="{{ left }}" y="24" font-size="15" font-weight="bold">{{ title }}</text>
{% for tick in across %}
  <line x1="{{ tick.at }}" x2="{{ tick.at }}" y1="{{ top }}" y2="{{ bottom }}" stroke="#ddd"/>
  <text x="{{ tick.at }}" y="{{ bottom + 18 }}" text-anchor="middle">{{ tick.told }}</text>
{% endfor %}
{% for tick in up %}
  <line x1="{{ left }}" x2="{{ right }}" y1="{{ tick.at }}" y2="{{ tick.at }}" stroke="#ddd"/>
  <text x="{{ left - 8 }}" y="{{ tick.at + 4 }}" text-anchor="end">{{ tick.told }}</text>
{% endfor %}
  <text x="{{ (left + right) / 2 }}" y="{{ bottom + 42 }}" text-anchor="middle">hosts</text>
  <text transform="translate(20 {{ (top + bottom) / 2 }}) rotate(-90)"
        text-anchor="middle">images an hour</text>
{% for line in lines %}
  <polyline points="{{ line.points }}" fill="none" stroke="{{ line.colour }}" stroke-width="2"/>
{% for mark in line.marks %}
  <circle cx="{{ mark.x }}" cy="{{ mark.y }}" r="3.5" fill="{{ line.colour }}">\
<title>{{ mark.told }}</title></circle>
{% endfor %}
  <text x="{{ right + 10 }}" y="{{ line.label }}" fill="{{ line.colour }}">{{ line.name }}</text>
{% endfor %}
</svg>
"""


@dataclass(frozen=True)
class Named(Line):
    """A line with its name beside it."""

    colour: str
    label: float
    """Where its name stands: beside its end, or lower where another name stands."""


@dataclass(frozen=True)
class Tick:
    """A number of an axis, and where it is."""

    at: float
    told: str


@dataclass(frozen=True)
class Scale:
    """Numbers as places, each power of a base as far from the next one."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a number is."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(self.start + share * (self.end - self.start), 1)


def chart(title: str, series: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """The SVG of series of hosts and throughputs, by their names."""
    points = [point for each in series.values() for point in each]
    hosts = sorted({count for count, _ in points})
    rates = _decades([rate for _, rate in points])
    x = Scale(hosts[0], hosts[-1], LEFT, WIDTH - RIGHT)
    y = Scale(rates[0], rates[-1], HEIGHT - BOTTOM, TOP)
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(_TEMPLATE).render(
        title=title,
        width=WIDTH, height=HEIGHT,
        left=LEFT, right=WIDTH - RIGHT, top=TOP, bottom=HEIGHT - BOTTOM,
        across=[Tick(x.at(count), str(count)) for count in hosts],
        up=[Tick(y.at(rate), f"{rate:g}") for rate in rates],
        lines=_lines(series, x, y),
    ) + "\n"  # fmt: skip


def _lines(series: Mapping[str, Sequence[tuple[int, float]]], x: Scale, y: Scale) -> list[Named]:
    drawn = []
    free = -math.inf
    highest_first = sorted(series.items(), key=lambda item: -item[1][-1][1])
    colours = dict(zip(series, COLOURS, strict=False))
    for name, points in highest_first:
        marks = tuple(
            Mark(x.at(hosts), y.at(rate), f"{name}: {rate:.0f} images an hour on {hosts} hosts")
            for hosts, rate in points
        )
        label = round(max(marks[-1].y + 4, free), 1)
        free = label + LINE
        drawn.append(Named(name, marks, colours[name], label))
    return drawn


def _decades(values: Sequence[float]) -> list[float]:
    """1, 2, 5, 10, 20 … from the last that is not above any value to the first not below any."""
    steps = [factor * 10.0**power for power in range(-3, 7) for factor in (1, 2, 5)]
    first = max(at for at, step in enumerate(steps) if step <= min(values))
    last = min(at for at, step in enumerate(steps) if step >= max(values))
    return steps[first : last + 1]
