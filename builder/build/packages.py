"""What a finished tree consists of: its packages, and the files that belong to none."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from builder.store.manifest import Package

DEPTH = 3
"""How many names deep directories are told apart."""

BLOCK = 512
"""The unit of ``st_blocks``, whatever the file system's own (inode(7))."""

_QUERY_DEBIAN = "${binary:Package}\t${Version}\t${Architecture}\t${Installed-Size}\n"
_QUERY_RPM = "%{NAME}\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SIZE}\n"

Run = Callable[[Sequence[str | Path], str], str]
"""Runs a program in the sandbox for a purpose, and returns its output."""


def packages(run: Run, seen: Path, tree: Path) -> tuple[Package, ...]:
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
    rows = sorted(line.split("\t") for line in listing.splitlines())
    return tuple(
        Package(
            name=name,
            version=version,
            architecture=architecture,
            installed_size=int(size or 0) if debian else int(size) // 1024,
        )
        for name, version, architecture, size in rows
    )


@dataclass(frozen=True)
class Sizes:
    """Bytes on disk of a tree's files, by directory, largest first."""

    directories: Mapping[str, int]
    """Of all files."""
    unpackaged: Mapping[str, int]
    """Of those that belong to no package."""


def sizes(run: Run, seen: Path, tree: Path) -> Sizes:
    """What takes the space in a tree; ``tree`` and ``seen`` as for ``packages``."""
    if _is_debian(seen):
        lists = (seen / "var/lib/dpkg/info").glob("*.list")
        listing = "\n".join(path.read_text(errors="replace") for path in lists)
    else:
        words: list[str | Path] = ["chroot", tree, "rpm", "--query", "--all", "--list"]
        listing = run(words, "list the packages' files")
    return sizes_by_directory(seen, listing.splitlines())


def sizes_by_directory(tree: Path, packaged_paths: Iterable[str]) -> Sizes:
    """The sizes of the tree's files, where packages have brought ``packaged_paths``.

    A path may lead through a link in the tree's root, as package lists written before /usr was
    merged do. A file with several names counts once.
    """
    links = {
        path.name: str(path.readlink()).strip("/") for path in tree.iterdir() if path.is_symlink()
    }
    packaged = {_followed(path.strip("/"), links) for path in packaged_paths}
    every, others = _Count(), _Count()
    for directory, _, names in os.walk(tree):
        inside = directory.removeprefix(str(tree)).strip("/")
        counted = "/" + "/".join(inside.split("/")[:DEPTH])
        for name in names:
            status = os.lstat(os.path.join(directory, name))  # noqa: PTH118 - a Path takes seconds
            every.add(counted, status)
            if os.path.join(inside, name) not in packaged:  # noqa: PTH118 - as above
                others.add(counted, status)
    return Sizes(every.largest_first(), others.largest_first())


class _Count:
    """Bytes by directory. A file counts once, whichever of its names comes first."""

    def __init__(self) -> None:
        self._sizes: Counter[str] = Counter()
        self._inodes: set[int] = set()

    def add(self, directory: str, status: os.stat_result) -> None:
        if status.st_ino not in self._inodes:
            self._inodes.add(status.st_ino)
            self._sizes[directory] += status.st_blocks * BLOCK

    def largest_first(self) -> Mapping[str, int]:
        """What takes no space is left out."""
        return {name: size for name, size in self._sizes.most_common() if size}


def _followed(path: str, links: Mapping[str, str]) -> str:
    first, slash, rest = path.partition("/")
    return f"{links.get(first, first)}{slash}{rest}"


def _is_debian(tree: Path) -> bool:
    return (tree / "var/lib/dpkg/status").exists()
