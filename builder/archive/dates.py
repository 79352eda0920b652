"""Since when an archive has its security updates: what was ever found out is kept.

An index has the newest version of a package alone. So that an image lacks an update longer than
the newest one is there, only the record of earlier runs tells.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from builder.archive.apt_answer import fields
from builder.archive.apt_root import AptRoot
from builder.archive.file_date import date_of, file_dates
from builder.archive.installed import identity
from builder.archive.sources import Source
from builder.host.files import replace_text

RECORD = "security-dates.json"


@dataclass(frozen=True)
class Since:
    """When an update came."""

    at: datetime
    dated: bool
    """Whether the file's own date says so; else it is that of the index that first had it."""


Version = tuple[str, str]
"""A package's name and version."""


@dataclass(frozen=True)
class UpdateFile:
    """The file of a security update."""

    source: Source
    path: str
    """Below the mirror."""


def file_of(source: Source, paragraph: str) -> tuple[Version, UpdateFile]:
    """The file that a paragraph of an index is about."""
    name, version, _ = identity(paragraph)
    return (name, version), UpdateFile(source, fields(paragraph).get("Filename", ""))


def dates(
    root: AptRoot, files: Mapping[Version, UpdateFile], *, limit: float
) -> Mapping[Version, Since]:
    """When updates came: those of ``files``, and all of earlier runs, of whichever image.

    Files are asked for their dates for ``limit`` seconds.
    """
    record = _read(root.directory / RECORD)
    unknown = [version for version in files if version not in record or not record[version].dated]
    found = file_dates(
        {_word(version): _address(files[version]) for version in unknown}, limit=limit
    )
    for version in unknown:
        indexed = date_of(fields(root.release(files[version].source)).get("Date", ""))
        if since := _earliest(record.get(version), indexed, found.get(_word(version))):
            record[version] = since
    if unknown:
        _write(root.directory / RECORD, record)
    return record


def _earliest(
    recorded: Since | None, indexed: datetime | None, file_date: datetime | None
) -> Since | None:
    """When an update came. Its file is no younger than an index that has it.

    Where a mirror says that it is, as one does that tells when it has copied the file itself, that
    date tells nothing.
    """
    if recorded is None and indexed is not None:
        recorded = Since(indexed, dated=False)
    if file_date is not None and (recorded is None or file_date <= recorded.at):
        return Since(file_date, dated=True)
    return recorded


def _address(file: UpdateFile) -> str:
    return f"{file.source.mirror}/{file.path}"


def _word(version: Version) -> str:
    return " ".join(version)


_RECORD = TypeAdapter(dict[str, Since])


def _read(path: Path) -> dict[Version, Since]:
    """What was found out by earlier runs; nothing where it cannot be read."""
    try:
        kept = _RECORD.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return {}
    return {_version(word): since for word, since in kept.items()}


def _version(word: str) -> Version:
    name, _, version = word.partition(" ")
    return name, version


def _write(path: Path, record: Mapping[Version, Since]) -> None:
    kept = {_word(version): since for version, since in _sorted(record.items())}
    replace_text(path, json.dumps(_RECORD.dump_python(kept, mode="json"), indent=1))


def _sorted(items: Iterable[tuple[Version, Since]]) -> list[tuple[Version, Since]]:
    return sorted(items, key=lambda item: item[0])
