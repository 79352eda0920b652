"""Writes a catalogue: collects builds, and fills a version that takes the place of the old one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from builder.catalogue import checked, image_manager, streams
from builder.catalogue.collect import collect
from builder.catalogue.entry import IMAGES, Entry, aliases
from builder.catalogue.image_manager import Described, chosen, definitions
from builder.catalogue.page import LATEST, catalogue_page
from builder.catalogue.place import place_files
from builder.catalogue.versions import new_version, place_of
from builder.errors import BuilderError
from builder.host.files import replace_text
from builder.publish.candidate.admission import Waivers, admit
from builder.publish.candidate.properties import wanted
from builder.store import manifest
from builder.terminal.progress import Progress
from builder.words import counted


@dataclass(frozen=True)
class Addresses:
    """Where things will be; each ends with a slash, or is empty where it is not told."""

    url: str = ""
    """The catalogue."""
    base_url: str = ""
    """The images, as ``PROFILE/BUILD/FILE``, where the catalogue is to have none itself."""


def write_catalogue(
    dist: Path, output: Path, addresses: Addresses, progress: Progress
) -> list[BuilderError]:
    """Write the catalogue of the proven builds below ``dist``, and let it take its place at once.

    Returns what is wrong with the builds that it does not list. Raises ``InputError`` where there
    is nothing to list, or something else at ``output``; ``HostError`` where that cannot be written.
    """
    place = place_of(output)
    progress.phase("reading the builds")
    seen = checked.read(place.home)
    found = collect(dist, seen, progress)
    if found.unproven:
        progress.event(f"{counted(found.unproven, 'build')} without proof not listed")
    progress.phase("writing the catalogue")
    errors = [*found.errors]
    images: list[list[Described]] = []
    if addresses.url or addresses.base_url:
        images, refusals = _described(found.entries, datetime.now(UTC))
        errors += refusals
    with new_version(place) as version:
        earlier = place.current or version
        for entry in found.entries:
            progress.line(f"{entry.profile}/{entry.build}")
            _place(entry, version, earlier, with_image=not addresses.base_url)
        _link_aliases(found.entries, version)
        _write_pages(found.entries, images, addresses, version)
        replace_text(place.home / checked.FILE_NAME, checked.text(seen))
    return errors


def _place(entry: Entry, version: Path, earlier: Path, *, with_image: bool) -> None:
    names = [*entry.beside, *(bill.name for bill in entry.bills)]
    if with_image:
        names += [file.name for file in entry.files]
    below = Path(IMAGES, entry.profile, entry.build)
    place_files(entry.directory, names, version / below, earlier / below)


def _link_aliases(entries: Sequence[Entry], version: Path) -> None:
    (version / LATEST).mkdir()
    for alias, entry in aliases(entries).items():
        below = Path(IMAGES, entry.profile, entry.build)
        (version / LATEST / alias).symlink_to(Path("..", below))


def _write_pages(
    entries: Sequence[Entry],
    images: Sequence[Sequence[Described]],
    addresses: Addresses,
    version: Path,
) -> None:
    """Write what tells of the images: the page, simplestreams, and definitions where there are."""
    written, base_url = datetime.now(UTC), addresses.base_url
    data = {
        streams.INDEX: streams.index(entries, written),
        streams.PRODUCTS: streams.products(entries, written, base_url),
    }
    texts = {name: json.dumps(content, indent=1) + "\n" for name, content in data.items()}
    if images:
        texts[image_manager.FILE_NAME] = definitions(images, addresses.url, base_url)
    texts["index.html"] = catalogue_page(
        entries, written, base_url=base_url, has_definitions=bool(images)
    )
    for name, text in texts.items():
        path = version / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _described(
    entries: Sequence[Entry], now: datetime
) -> tuple[list[list[Described]], list[BuilderError]]:
    """The images as they would be published, by profile, and why some would not be."""
    images, errors = [], []
    for builds in chosen(entries):
        described = []
        for entry in builds:
            try:
                build = manifest.read(entry.directory)
                admission = admit(build, Waivers(), now=now, max_age=timedelta.max)
                described.append(
                    Described(entry, wanted(build, admission, build.planned().publish))
                )
            except BuilderError as error:
                errors.append(error)
        if described:
            images.append(described)
    return images, errors
