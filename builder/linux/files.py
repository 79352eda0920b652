"""Reading configuration that may not be there."""

from collections.abc import Iterator

from builder.feature import Filesystem


def text(disk: Filesystem, path: str) -> str:
    """Return the file's text; nothing where there is no such file."""
    try:
        return disk.read_text(path)
    except FileNotFoundError:
        return ""


def significant_lines(content: str, comments: str = "#") -> Iterator[tuple[int, str]]:
    """Yield the numbered lines, stripped, that are neither empty nor comments.

    ``comments`` has the characters that begin one.
    """
    for number, line in enumerate(content.splitlines(), start=1):
        stripped = line.strip()
        if stripped and stripped[0] not in comments:
            yield number, stripped


def logical_lines(content: str) -> Iterator[tuple[int, str]]:
    """Yield the significant lines, each joined with those that a backslash continues it by.

    The number is that of the first.
    """
    begun: list[str] = []
    start = 0
    for number, line in enumerate(content.splitlines(), start=1):
        start = start if begun else number
        begun.append(line.removesuffix("\\"))
        if not line.endswith("\\"):
            yield from ((start, stripped) for _, stripped in significant_lines(" ".join(begun)))
            begun = []
    yield from ((start, stripped) for _, stripped in significant_lines(" ".join(begun)))


def search_path(disk: Filesystem, directories: tuple[str, ...], suffix: str) -> tuple[str, ...]:
    """Return the files that apply, in the order of their names.

    A file hides those of its name in the directories that follow, as systemd, udev and
    modules-load have it.
    """
    found: dict[str, str] = {}
    for directory in directories:
        for name in disk.list(directory):
            if name.endswith(suffix):
                found.setdefault(name, f"{directory}/{name}")
    return tuple(path for _, path in sorted(found.items()))
