"""The catalogue's page: every image in a row, and how the builds of a profile changed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from builder.attest import bundle
from builder.attest import checksums as minisign
from builder.catalogue import image_manager, streams
from builder.catalogue.chart import HEIGHT, WIDTH, Chart, Point, chart
from builder.catalogue.entry import Entry, aliases, by_profile
from builder.report.page import page
from builder.report.units import duration, size
from builder.store import manifest
from builder.store.build_directory import CHECKSUMS, REPORT

LATEST = "latest"
"""Where the links to the newest builds are, by the names that they answer to."""


_CALLED = {
    REPORT: "report",
    CHECKSUMS: "checksums",
    minisign.FILE_NAME: "minisign",
    bundle.FILE_NAME: "attestations",
    manifest.FILE_NAME: "manifest",
}


@dataclass(frozen=True)
class Link:
    """A file of a build, by what it is called and where it is."""

    name: str
    address: str


@dataclass(frozen=True)
class Row:
    """One image."""

    entry: Entry
    boots: str
    claims: str
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Section:
    """One profile: its newest build, its other names, pictures, and all its builds."""

    newest: Entry
    aliases: tuple[Link, ...]
    charts: tuple[Chart, ...]
    rows: tuple[Row, ...]


def catalogue_page(
    entries: Sequence[Entry], written: datetime, *, base_url: str, has_definitions: bool
) -> str:
    """The whole page. It has no script and asks nothing of the network."""
    return page(
        "catalogue.html",
        room="builder.catalogue",
        sections=sections(entries, base_url),
        images=len(entries),
        written=written,
        width=WIDTH,
        height=HEIGHT,
        streams_index=streams.INDEX,
        definitions=image_manager.FILE_NAME if has_definitions else "",
    )


def sections(entries: Sequence[Entry], base_url: str) -> list[Section]:
    """What there is of each profile."""
    named = aliases(entries)
    return [
        Section(
            newest=builds[0],
            aliases=tuple(
                Link(alias, f"{LATEST}/{quote(alias)}/{_entrance(builds[0], base_url)}")
                for alias, entry in named.items()
                if entry in builds
            ),
            charts=charts(builds),
            rows=tuple(_row(entry, base_url) for entry in builds),
        )
        for builds in by_profile(entries).values()
    ]


def charts(builds: Sequence[Entry]) -> tuple[Chart, ...]:
    """The pictures of a profile's builds; none of what no build tells."""
    boots: dict[str, list[Point]] = {}
    for entry in builds:
        for accelerator, seconds in entry.boots.items():
            boots.setdefault(accelerator, []).append(Point(entry.build, entry.created, seconds))
    sizes = [Point(entry.build, entry.created, entry.image.size) for entry in builds]
    packages = [
        Point(entry.build, entry.created, entry.packages)
        for entry in builds
        if entry.packages is not None
    ]
    drawn = (
        chart("Size", {"": sizes}, lambda number: size(round(number))),
        chart("First login after", dict(sorted(boots.items())), duration),
        chart("Packages", {"": packages}, lambda number: f"{number:.0f}"),
    )
    return tuple(chart for chart in drawn if chart is not None)


def _entrance(entry: Entry, base_url: str) -> str:
    """What a link to the newest build leads to: the image, where the catalogue has it."""
    return REPORT if base_url else entry.image.name


def _row(entry: Entry, base_url: str) -> Row:
    files = [(_CALLED[name], name) for name in entry.beside]
    files += [(bill.format, bill.name) for bill in entry.bills]
    return Row(
        entry=entry,
        boots=", ".join(
            f"{duration(seconds)} ({accelerator})" for accelerator, seconds in entry.boots.items()
        ),
        claims=", ".join(f"{number} {grade}" for grade, number in entry.grades.items()),
        links=(
            *(Link(name, f"{entry.home}/{file}") for name, file in files),
            Link("image", entry.address_of(entry.image, base_url)),
            *(Link(file.format, entry.address_of(file, base_url)) for file in entry.formats),
        ),
    )
