"""What a finished tree consists of: its packages, and the files that belong to none."""

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from builder.sbom.debian import RELEVANT_LINES, licence_names
from builder.sbom.facts import LooseFile, Software
from builder.sbom.ownership import owned
from builder.sbom.rpm import source_of

DEPTH = 3
"""How many names deep directories are told apart."""

BLOCK = 4096
"""Bytes of a block of the image's file system, whatever the build host's has."""

_QUERY_DEBIAN = (
    "${binary:Package}\t${Version}\t${Architecture}\t${Installed-Size}"
    "\t${source:Package}\t${source:Version}\t${Maintainer}\n"
)
_QUERY_RPM = (
    "%{NAME}\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SIZE}"
    "\t%{SOURCERPM}\t%{VENDOR}\t%{LICENSE}\n"
)
_TABS = 6
"""In a line of either: what comes last may have some, too."""

_READ = 1 << 20
"""Bytes that are read of a file at once."""

_NOTHING = "(none)"
"""What rpm prints for a tag that a package does not have."""

# That nothing is found is no error, nor is a link to what was taken out of the image; grep's exit
# code does not tell them from each other.
_LICENCES = f"grep -sHE '{RELEVANT_LINES}' /usr/share/doc/*/copyright || :"

Run = Callable[[Sequence[str | Path], str], str]
"""Runs a program in the sandbox for a purpose, and returns its output."""


def software(run: Run, seen: Path, tree: Path) -> tuple[Software, ...]:
    """Every installed package, from the tree's own package manager.

    ``tree`` is the tree's path in the sandbox, ``seen`` the same for this process.
    """
    debian = _is_debian(seen)
    query = (
        ["dpkg-query", "--show", f"--showformat={_QUERY_DEBIAN}"]
        if debian
        else ["rpm", "--query", "--all", f"--queryformat={_QUERY_RPM}"]
    )
    listing = run(["chroot", tree, *query], "list the installed packages")
    rows = sorted(line.split("\t", _TABS) for line in listing.splitlines())
    if not debian:
        return tuple(_of_rpm(*row) for row in rows)
    licences = _licences(run(["chroot", tree, "sh", "-c", _LICENCES], "read the licences"))
    found = (_of_dpkg(*row) for row in rows)
    return tuple(replace(each, licences=licences.get(each.plain_name, ())) for each in found)


def _of_dpkg(
    name: str,
    version: str,
    architecture: str,
    size: str,
    source: str,
    source_version: str,
    maintainer: str,
) -> Software:
    return Software(
        name=name,
        version=version,
        architecture=architecture,
        installed_size=int(size or 0),
        source=source,
        source_version=source_version,
        supplier=maintainer,
    )


def _of_rpm(
    name: str,
    version: str,
    architecture: str,
    size: str,
    source_file: str,
    vendor: str,
    licence: str,
) -> Software:
    source, source_version = source_of(source_file)
    return Software(
        name=name,
        version=version,
        architecture=architecture,
        installed_size=int(size) // 1024,
        source=source,
        source_version=source_version,
        supplier="" if vendor == _NOTHING else vendor,
        licences=(licence,),
    )


def _licences(found: str) -> dict[str, tuple[str, ...]]:
    """The licences' names by package, by what grep has found: ``FILE:LINE``."""
    lines: dict[str, list[str]] = {}
    for line in found.splitlines():
        file, _, text = line.partition(":")
        lines.setdefault(Path(file).parent.name, []).append(text)
    return {package: licence_names(of_package) for package, of_package in lines.items()}


@dataclass(frozen=True)
class Sizes:
    """Bytes on the image's disk of a tree's files, by directory, largest first."""

    directories: Mapping[str, int]
    """Of all files."""
    unpackaged: Mapping[str, int]
    """Of those that belong to no package."""
    loose: tuple[str, ...]
    """Paths in the tree of the regular files that belong to no package, sorted."""
    total: int
    """Of all files and directories."""


def packaged(run: Run, seen: Path, tree: Path) -> frozenset[str]:
    """The paths that the tree's packages have brought, without the first slash.

    ``tree`` and ``seen`` as for ``software``.
    """
    if _is_debian(seen):
        lists = (seen / "var/lib/dpkg/info").glob("*.list")
        listing = "\n".join(path.read_text(errors="replace") for path in lists)
    else:
        words: list[str | Path] = ["chroot", tree, "rpm", "--query", "--all", "--list"]
        listing = run(words, "list the packages' files")
    return packaged_paths(seen, listing.splitlines())


def packaged_paths(tree: Path, listed: Iterable[str]) -> frozenset[str]:
    """The same of what package lists say.

    A path may lead through a link in the tree's root, as package lists written before /usr was
    merged do.
    """
    links = {path.name: str(path.readlink()) for path in tree.iterdir() if path.is_symlink()}
    return owned(listed, links)


def sizes(tree: Path, packaged: Collection[str]) -> Sizes:
    """What takes the space in a tree, whose packages have brought ``packaged``.

    A file with several names counts once.
    """
    every, others = _Count(), _Count()
    loose: list[str] = []
    directories = 0
    for directory, _, names in os.walk(tree):
        directories += 1
        inside = directory.removeprefix(str(tree)).strip("/")
        counted = "/" + "/".join(inside.split("/")[:DEPTH])
        for name in names:
            status = os.lstat(os.path.join(directory, name))  # noqa: PTH118 - a Path takes seconds
            every.add(counted, status)
            path = os.path.join(inside, name)  # noqa: PTH118 - as above
            if path not in packaged:
                others.add(counted, status)
                if stat.S_ISREG(status.st_mode):
                    loose.append(f"/{path}")
    largest = every.largest_first()
    total = sum(largest.values()) + directories * BLOCK
    return Sizes(largest, others.largest_first(), tuple(sorted(loose)), total)


def loose_files(seen: Path, paths: Iterable[str]) -> tuple[LooseFile, ...]:
    r"""The files with their digests. A name that is not UTF-8 has ``\xff`` for such bytes."""
    return tuple(
        LooseFile(
            os.fsencode(path).decode(errors="backslashreplace"),
            *_digests(seen / path.removeprefix("/")),
        )
        for path in paths
    )


def _digests(path: Path) -> tuple[str, str]:
    with path.open("rb") as file:
        sha1, sha256 = hashlib.sha1(usedforsecurity=False), hashlib.sha256()
        while block := file.read(_READ):
            sha1.update(block)
            sha256.update(block)
    return sha1.hexdigest(), sha256.hexdigest()


class _Count:
    """Bytes by directory. A file counts once, whichever of its names comes first."""

    def __init__(self) -> None:
        self._sizes: Counter[str] = Counter()
        self._inodes: set[int] = set()

    def add(self, directory: str, status: os.stat_result) -> None:
        if stat.S_ISREG(status.st_mode) and status.st_ino not in self._inodes:
            self._inodes.add(status.st_ino)
            self._sizes[directory] += -(-status.st_size // BLOCK) * BLOCK

    def largest_first(self) -> Mapping[str, int]:
        """What takes no space is left out."""
        return {name: size for name, size in self._sizes.most_common() if size}


def _is_debian(tree: Path) -> bool:
    return (tree / "var/lib/dpkg/status").exists()
