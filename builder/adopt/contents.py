"""What is in an image that was built elsewhere, for its bill of materials."""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from builder.errors import ImageError
from builder.feature import Filesystem
from builder.sbom.debian import installed, licence_names
from builder.sbom.facts import Contents, LooseFile, Software
from builder.sbom.ownership import owned
from builder.sbom.rpm_database import DATABASE_LIMIT, DATABASES, read_database

STATUS = "/var/lib/dpkg/status"
LISTS = "/var/lib/dpkg/info/*.list"

FILES_LIMIT = 20_000
"""Files of no package that are told; an ordinary image has 3,000."""
BYTES_LIMIT = 1 << 30
"""Bytes that are read of them."""


_UNREADABLE = (ImageError, FileNotFoundError, UnicodeDecodeError)
"""The last is raised by libguestfs' binding, for names that are not UTF-8."""


def contents(disk: Filesystem) -> Contents | None:
    """The packages, and the files that belong to none; None where no package manager is known.

    The disk is a stranger's: what is odd in it, or beyond a limit, is told as a gap.
    """
    if disk.exists(STATUS):
        return _by_dpkg(disk)
    database = next(filter(disk.exists, DATABASES), None)
    return None if database is None else _by_rpm(disk, database)


def _by_dpkg(disk: Filesystem) -> Contents:
    gaps: list[str] = []
    status = _read_database(disk, STATUS, gaps)
    packages, defects = installed(status.decode(errors="replace"))
    if defects:
        gaps.append(f"Entries of {STATUS} that make no sense: {defects}.")
    return Contents(
        package_format="deb",
        packages=tuple(_with_licences(disk, software) for software in packages),
        files=_files(disk, _brought_by_dpkg(disk, gaps), gaps) if status else (),
        gaps=tuple(gaps),
    )


def _by_rpm(disk: Filesystem, path: str) -> Contents:
    gaps: list[str] = []
    try:
        database = read_database(_read_database(disk, path, gaps))
    except ValueError:
        return Contents("rpm", (), (), (*gaps, f"{path} is not a database of rpm's."))
    if database.defects:
        gaps.append(f"Headers of {path} that make no sense: {database.defects}.")
    files = _files(disk, database.paths, gaps)
    return Contents("rpm", database.packages, files, tuple(gaps))


def _read_database(disk: Filesystem, path: str, gaps: list[str]) -> bytes:
    """Empty, with a gap, for what cannot be read."""
    try:
        content = disk.read_bytes(path)
    except _UNREADABLE:
        gaps.append(f"{path} could not be read.")
        return b""
    if len(content) > DATABASE_LIMIT:
        gaps.append(f"{path} has more than {DATABASE_LIMIT >> 20} MiB.")
        return b""
    return content


def _with_licences(disk: Filesystem, software: Software) -> Software:
    with suppress(*_UNREADABLE):  # without the text there is no licence to tell
        text = disk.read_text(f"/usr/share/doc/{software.plain_name}/copyright")
        return replace(software, licences=licence_names(text.splitlines()))
    return software


def _files(
    disk: Filesystem, brought: Iterable[str] | None, gaps: list[str]
) -> tuple[LooseFile, ...]:
    """The files that packages have not ``brought``; what is left out is added to ``gaps``."""
    if brought is None:
        return ()
    try:
        links = {name: disk.readlink(f"/{name}") for name in disk.list("/")}
        packaged = owned(brought, {name: link for name, link in links.items() if link is not None})
        loose = [path for path in disk.files("/") if path.strip("/") not in packaged]
    except _UNREADABLE:
        gaps.append("The files on the disk could not be listed.")
        return ()
    if len(loose) > FILES_LIMIT:
        gaps.append(f"{len(loose)} files belong to no package; {FILES_LIMIT} are told.")
    return tuple(_read(disk, loose[:FILES_LIMIT], gaps))


def _brought_by_dpkg(disk: Filesystem, gaps: list[str]) -> list[str] | None:
    try:
        return [
            path
            for listing in disk.glob(LISTS)
            for path in disk.read_bytes(listing).decode(errors="replace").splitlines()
        ]
    except _UNREADABLE:
        gaps.append("The files of packages could not be told from others.")
        return None


def _read(disk: Filesystem, paths: Iterable[str], gaps: list[str]) -> Iterable[LooseFile]:
    left = BYTES_LIMIT
    for path in paths:
        if left <= 0:
            gaps.append(f"Files from {path} on are not told: more than {BYTES_LIMIT >> 30} GiB.")
            return
        try:
            content = disk.read_bytes(path)
        except _UNREADABLE:
            gaps.append(f"{path} belongs to no package, and could not be read.")
            continue
        left -= len(content)
        yield LooseFile(
            path,
            hashlib.sha1(content, usedforsecurity=False).hexdigest(),
            hashlib.sha256(content).hexdigest(),
        )
