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

STATUS = "/var/lib/dpkg/status"
LISTS = "/var/lib/dpkg/info/*.list"

STATUS_LIMIT = 64 << 20
"""Bytes. That of a desktop with 3,000 packages has four million."""
FILES_LIMIT = 20_000
"""Files of no package that are told; an ordinary image has 3,000."""
BYTES_LIMIT = 1 << 30
"""Bytes that are read of them."""


def contents(disk: Filesystem) -> Contents | None:
    """The packages, and the files that belong to none; None where dpkg is not there.

    The disk is a stranger's: what is odd in it, or beyond a limit, is told as a gap.
    """
    if not disk.exists(STATUS):
        return None
    try:
        status = disk.read_bytes(STATUS)
    except (ImageError, FileNotFoundError):
        return Contents("deb", (), (), (f"{STATUS} could not be read.",))
    if len(status) > STATUS_LIMIT:
        return Contents("deb", (), (), (f"{STATUS} has more than {STATUS_LIMIT >> 20} MiB.",))
    packages, defects = installed(status.decode(errors="replace"))
    gaps = [f"Entries of {STATUS} that make no sense: {defects}."] if defects else []
    return Contents(
        package_format="deb",
        packages=tuple(_with_licences(disk, software) for software in packages),
        files=_files(disk, gaps),
        gaps=tuple(gaps),
    )


def _with_licences(disk: Filesystem, software: Software) -> Software:
    with suppress(FileNotFoundError, ImageError):  # without the text there is no licence to tell
        text = disk.read_text(f"/usr/share/doc/{software.plain_name}/copyright")
        return replace(software, licences=licence_names(text.splitlines()))
    return software


def _files(disk: Filesystem, gaps: list[str]) -> tuple[LooseFile, ...]:
    """The files of no package; what is left out is added to ``gaps``."""
    try:
        packaged = _packaged(disk)
        loose = [path for path in disk.files("/") if path.strip("/") not in packaged]
    except ImageError:
        gaps.append("The files that belong to no package could not be told.")
        return ()
    if len(loose) > FILES_LIMIT:
        gaps.append(f"{len(loose)} files belong to no package; {FILES_LIMIT} are told.")
    return tuple(_read(disk, loose[:FILES_LIMIT], gaps))


def _packaged(disk: Filesystem) -> frozenset[str]:
    links = {name: disk.readlink(f"/{name}") for name in disk.list("/")}
    paths = (
        path
        for listing in disk.glob(LISTS)
        for path in disk.read_bytes(listing).decode(errors="replace").splitlines()
    )
    return owned(paths, {name: target for name, target in links.items() if target is not None})


def _read(disk: Filesystem, paths: Iterable[str], gaps: list[str]) -> Iterable[LooseFile]:
    left = BYTES_LIMIT
    for path in paths:
        if left <= 0:
            gaps.append(f"Files from {path} on are not told: more than {BYTES_LIMIT >> 30} GiB.")
            return
        try:
            content = disk.read_bytes(path)
        except (FileNotFoundError, ImageError):
            gaps.append(f"{path} belongs to no package, and could not be read.")
            continue
        left -= len(content)
        yield LooseFile(
            path,
            hashlib.sha1(content, usedforsecurity=False).hexdigest(),
            hashlib.sha256(content).hexdigest(),
        )
