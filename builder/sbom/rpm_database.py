"""What is installed, by rpm's own database of headers.

Since rpm 4.16 it is an SQLite file with a table of headers: an index of tags, then their values
(docs/manual/format_v4.md of rpm). It may be a stranger's: what does not look like a package is
none.
"""

import re
import sqlite3
import struct
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime

from builder.sbom.facts import Software
from builder.sbom.rpm import source_of

DATABASES = ("/usr/lib/sysimage/rpm/rpmdb.sqlite", "/var/lib/rpm/rpmdb.sqlite")
"""Where Fedora has it, and where Red Hat's family; before rpm 4.16 it was in another format."""

DATABASE_LIMIT = 256 << 20
"""Bytes. dpkg's of a desktop with 3,000 packages has four million, rpm's twenty times that."""

# include/rpm/rpmtag.h of rpm.
_NAME, _VERSION, _RELEASE, _EPOCH, _SIZE, _VENDOR, _LICENCE, _ARCH = (
    *(1000, 1001, 1002, 1003, 1009, 1011, 1014, 1022),
)
_SOURCE, _DIRECTORY_OF_FILE, _FILE_NAMES, _DIRECTORIES = 1044, 1116, 1117, 1118
_CHANGE_TIMES, _CHANGE_NAMES, _CHANGE_TEXTS = 1080, 1081, 1082
_INT32, _STRING, _STRINGS, _TRANSLATED = 4, 6, 8, 9

_OF_PACKAGE = frozenset(
    (
        *(_NAME, _VERSION, _RELEASE, _EPOCH, _SIZE, _VENDOR, _LICENCE, _ARCH, _SOURCE),
        *(_DIRECTORY_OF_FILE, _FILE_NAMES, _DIRECTORIES),
    )
)
_OF_CHANGELOG = frozenset((_NAME, _CHANGE_TIMES, _CHANGE_NAMES, _CHANGE_TEXTS))

_JOURNAL = slice(18, 20)
"""Of the file's first bytes: how it is written (SQLite's file format, 1.3.3)."""
_WITHOUT_LOG = b"\1\1"
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._~^-]{0,127}")


@dataclass(frozen=True)
class RpmDatabase:
    """The packages, and the paths that they have brought."""

    packages: tuple[Software, ...]
    paths: tuple[str, ...] = field(repr=False)
    defects: int
    """How many headers make no sense."""


def read_database(content: bytes) -> RpmDatabase:
    """Read the file ``rpmdb.sqlite``. Raises ``ValueError`` for what is none."""
    packages: set[Software] = set()
    paths: list[str] = []
    defects = 0
    for blob in _blobs(content):
        try:
            header = _header(blob, _OF_PACKAGE)
            packages.add(_software(header))
            paths += _paths(header)
        except (struct.error, ValueError, LookupError):
            defects += 1
    return RpmDatabase(tuple(sorted(packages)), tuple(paths), defects)


def read_changelogs(content: bytes, names: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """The changelogs of packages in the file ``rpmdb.sqlite``: entries as rpm prints them.

    Of a package in several versions it is the one that was installed last. Raises ``ValueError``
    for what is no such file.
    """
    found = {}
    for blob in _blobs(content):
        try:
            header = _header(blob, _OF_CHANGELOG)
            if _text(header, _NAME) in names:
                found[_text(header, _NAME)] = tuple(_entries(header))
        except (struct.error, ValueError, LookupError):
            continue
    return found


def _blobs(content: bytes) -> Iterator[bytes]:
    """A database in memory has no log beside it, and SQLite opens none that says it has."""
    if len(content) > DATABASE_LIMIT:
        raise ValueError(f"It has more than {DATABASE_LIMIT >> 20} MiB.")
    start = bytearray(content)
    start[_JOURNAL] = _WITHOUT_LOG
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(bytes(start))
            for (blob,) in database.execute("SELECT blob FROM Packages ORDER BY hnum"):
                if isinstance(blob, bytes):
                    yield blob
    except sqlite3.Error as error:
        raise ValueError(str(error)) from error


Header = Mapping[int, list[str | int]]


def _header(blob: bytes, wanted: Collection[int]) -> Header:
    count, length = struct.unpack_from(">II", blob)
    values = blob[8 + 16 * count :][:length]
    header: dict[int, list[str | int]] = {}
    for entry in struct.iter_unpack(">IIII", blob[8:][: 16 * count]):
        tag, kind, offset, number = entry
        if tag not in wanted:
            continue
        if kind == _INT32:
            header[tag] = [*struct.unpack_from(f">{number}I", values, offset)]
        elif kind in {_STRING, _STRINGS, _TRANSLATED}:
            texts = values[offset:].split(b"\0", number)
            header[tag] = [text.decode(errors="backslashreplace") for text in texts[:number]]
    return header


def _software(header: Header) -> Software:
    name, version, release = (_text(header, tag) for tag in (_NAME, _VERSION, _RELEASE))
    architecture = _text(header, _ARCH, "(none)")
    if not all(map(_WORD.fullmatch, (name, version, release))):
        raise ValueError("no name, version or release of a package")
    epoch = header.get(_EPOCH)
    size = header.get(_SIZE)
    source, source_version = source_of(_text(header, _SOURCE, ""))
    sound = _WORD.fullmatch(source) and _WORD.fullmatch(source_version)
    return Software(
        name=name,
        version=f"{f'{epoch[0]}:' if epoch else ''}{version}-{release}",
        architecture=architecture if _WORD.fullmatch(architecture) else "(none)",
        installed_size=int(size[0]) // 1024 if size else 0,
        source=source if sound else "",
        source_version=source_version if sound else "",
        supplier=_text(header, _VENDOR, ""),
        licences=(_text(header, _LICENCE, ""),),
    )


def _paths(header: Header) -> Iterator[str]:
    directories = header.get(_DIRECTORIES, [])
    of_file, names = header.get(_DIRECTORY_OF_FILE, []), header.get(_FILE_NAMES, [])
    for number, name in zip(of_file, names, strict=True):
        yield f"{directories[int(number)]}{name}"


def _entries(header: Header) -> Iterator[str]:
    columns = (header.get(tag, []) for tag in (_CHANGE_TIMES, _CHANGE_NAMES, _CHANGE_TEXTS))
    for at, name, text in zip(*columns, strict=True):
        yield f"* {datetime.fromtimestamp(int(at), UTC):%a %b %d %Y} {name}\n{text}"


def _text(header: Header, tag: int, default: str | None = None) -> str:
    if tag not in header and default is not None:
        return default
    return str(header[tag][0])
