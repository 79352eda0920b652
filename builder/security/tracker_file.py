"""A file of known vulnerabilities, and which of them an image has.

It is Debian's tracker, or OSV's entries: one, a list, a directory, or an archive of them. However
large it is, one part of it is in memory.
"""

import zipfile
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

from builder.errors import InputError
from builder.security import debian_tracker, osv
from builder.security.finding import Finding, merged
from builder.security.inventory import Inventory
from builder.security.json_stream import BLOCK, items, members, whole
from builder.security.problems import problems

_ZIP = b"PK"
_NO_ARCHIVE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"""What zipfile raises for archives that are broken, encrypted, or of a kind that it cannot read."""

Kind = Literal["Debian security tracker", "OSV"]


@dataclass(frozen=True)
class Tracker:
    """What a file tells of an image."""

    path: Path
    kind: Kind
    known: int
    """How many vulnerabilities it knows of the image's distribution."""
    of: datetime
    """Until when it can know anything, at the latest."""
    findings: tuple[Finding, ...]


@dataclass
class _Reading:
    """What was read so far."""

    image: Inventory
    known: int = 0
    findings: list[Finding] = field(default_factory=list)
    newest: datetime | None = None
    year: int = 0

    def take_source(self, name: str, data: Any) -> None:  # Any: JSON
        """Of Debian's tracker. Raises ``ValueError``."""
        vulnerabilities = debian_tracker.parsed(data)
        release = debian_tracker.release_of(self.image.distribution)
        self.known += debian_tracker.known_of(vulnerabilities, release)
        self.year = max(self.year, debian_tracker.newest_year(vulnerabilities))
        sources = self.image.sources.get(name, ())
        self.findings += debian_tracker.findings(vulnerabilities, release, sources)

    def take_entry(self, data: Any) -> None:  # Any: JSON
        """Of OSV. Raises ``ValueError``."""
        entry = osv.parsed(data)
        self.known += osv.is_about(entry, self.image.distribution)
        self.newest = max(entry.at, self.newest or entry.at)
        self.findings += osv.findings(entry, self.image)


def read(path: Path, image: Inventory, *, now: datetime) -> Tracker:
    """What a file tells of an image. Raises ``InputError`` for one that is not such a file."""
    reading = _Reading(image)
    try:
        kind = _read(path, reading)
        dated = path.stat().st_mtime
    except (ValueError, OSError, *_NO_ARCHIVE) as error:
        raise InputError(
            f"{path} is not a file of known vulnerabilities that can be read.",
            details=problems(error),
            hint="Give the JSON of Debian's security tracker, or OSV: an entry, a list of entries,"
            " a directory of them, or a zip archive.",
        ) from error
    of = reading.newest or min(
        now, datetime.fromtimestamp(dated, UTC), debian_tracker.end_of(reading.year)
    )
    return Tracker(path, kind, reading.known, of, merged(reading.findings))


def _read(path: Path, reading: _Reading) -> Kind:
    if path.is_dir():
        files = sorted(path.rglob("*.json"))
        if not files:
            raise ValueError("It is a directory without any .json file.")
        for file in files:
            with file.open("rb") as opened:
                reading.take_entry(whole(opened))
        return "OSV"
    with path.open("rb") as opened:
        if opened.read(len(_ZIP)) == _ZIP:
            _read_archive(path, reading)
            return "OSV"
        opened.seek(0)
        return _read_json(opened, reading)


def _read_archive(path: Path, reading: _Reading) -> None:
    with zipfile.ZipFile(path) as archive:
        names = [info for info in archive.infolist() if info.filename.endswith(".json")]
        if not names:
            raise ValueError("It is an archive without any .json file.")
        for info in names:
            with archive.open(info) as opened:
                reading.take_entry(whole(opened))


def _read_json(file: BinaryIO, reading: _Reading) -> Kind:
    start = file.read(BLOCK).lstrip()[:1]
    file.seek(0)
    if start == b"[":
        for entry in items(file):
            reading.take_entry(entry)
        return _some("OSV", reading.newest)
    if start != b"{":
        raise ValueError("It is neither a JSON object nor an array nor a zip archive.")
    for name, data in members(file):
        if name in osv.FIELDS:
            file.seek(0)
            reading.take_entry(whole(file))
            return "OSV"
        reading.take_source(name, data)
    return _some("Debian security tracker", reading.year)


def _some(kind: Kind, newest: object) -> Kind:
    """A file without any vulnerability knows of none, which is not that there is none."""
    if not newest:
        raise ValueError("It has no vulnerability at all.")
    return kind
