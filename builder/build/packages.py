"""What a finished tree consists of: its packages, and the files that belong to none."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from builder.store.manifest import Package

DEPTH = 3
"""How many names deep the directories of files without a package are told apart."""

BLOCK = 512
"""The unit of ``st_blocks``, whatever the file system's own (inode(7))."""

_QUERY_DEBIAN = "${binary:Package}\t${Version}\t${Architecture}\t${Installed-Size}\n"
_QUERY_RPM = "%{NAME}\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SIZE}\n"

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


def unpackaged(run: Run, seen: Path, tree: Path) -> Mapping[str, int]:
    """Bytes on disk of the files that belong to no package, by directory, largest first."""
    if _is_debian(seen):
        lists = (seen / "var/lib/dpkg/info").glob("*.list")
        listing = "\n".join(path.read_text(errors="replace") for path in lists)
    else:
        words: list[str | Path] = ["chroot", tree, "rpm", "--query", "--all", "--list"]
        listing = run(words, "list the packages' files")
    return sizes_of_others(seen, listing.splitlines())


def sizes_of_others(tree: Path, paths: Iterable[str]) -> Mapping[str, int]:
    """Bytes on disk of the tree's files that are not among ``paths``, by directory.

    A path may lead through a link in the tree's root, as package lists written before /usr was
    merged do. A file with several names counts once.
    """
    links = {
        path.name: str(path.readlink()).strip("/") for path in tree.iterdir() if path.is_symlink()
    }
    packaged = {_followed(path.strip("/"), links) for path in paths}
    sizes: Counter[str] = Counter()
    inodes: set[int] = set()
    for directory, _, names in os.walk(tree):
        inside = directory.removeprefix(str(tree)).strip("/")
        for name in names:
            if os.path.join(inside, name) in packaged:  # noqa: PTH118 - a Path each takes seconds
                continue
            status = os.lstat(os.path.join(directory, name))  # noqa: PTH118 - as above
            if status.st_ino not in inodes:
                inodes.add(status.st_ino)
                sizes["/" + "/".join(inside.split("/")[:DEPTH])] += status.st_blocks * BLOCK
    return {name: size for name, size in sizes.most_common() if size}


def _followed(path: str, links: Mapping[str, str]) -> str:
    first, slash, rest = path.partition("/")
    return f"{links.get(first, first)}{slash}{rest}"


def _is_debian(tree: Path) -> bool:
    return (tree / "var/lib/dpkg/status").exists()
