"""The rules by which udev names devices and starts units: udev(7)."""

from collections.abc import Iterator

from builder.feature import Filesystem
from builder.linux.files import search_path, significant_lines, text

_DIRECTORIES = (
    "/etc/udev/rules.d",
    "/usr/local/lib/udev/rules.d",
    "/usr/lib/udev/rules.d",
    "/lib/udev/rules.d",
)


def files(disk: Filesystem) -> tuple[str, ...]:
    """The files of rules that apply, in their order."""
    return search_path(disk, _DIRECTORIES, ".rules")


def rules(disk: Filesystem) -> Iterator[tuple[str, str]]:
    """Each rule in its order, continued lines joined, with the path of its file."""
    for path in files(disk):
        for _, rule in significant_lines(text(disk, path).replace("\\\n", "")):
            yield path, rule
