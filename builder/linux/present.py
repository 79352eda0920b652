"""Which of some files a disk has, and which of them have content."""

from collections.abc import Iterator, Mapping

from builder.feature import Filesystem


def present(disk: Filesystem, patterns: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each path with content that a pattern matches, and what the pattern stands for."""
    for pattern, meaning in patterns.items():
        for path in disk.glob(pattern):
            if disk.readlink(path) is None and not _is_empty(disk, path):
                yield path, meaning


def _is_empty(disk: Filesystem, path: str) -> bool:
    try:
        return not disk.read_bytes(path)
    except FileNotFoundError:  # a directory
        return not disk.list(path)
