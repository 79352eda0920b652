"""The rules by which udev names devices and starts units: udev(7)."""

import fnmatch
import re
from collections.abc import Iterator

from builder.feature import Filesystem
from builder.linux.files import search_path, significant_lines, text

_DIRECTORIES = (
    "/etc/udev/rules.d",
    "/usr/local/lib/udev/rules.d",
    "/usr/lib/udev/rules.d",
    "/lib/udev/rules.d",
)


_PAIR = re.compile(r'([A-Z_]+(?:\{[^}"]*\})?)\s{0,8}([=!+:-]?=)\s{0,8}"([^"]*)"')
"""A key, an operator and a value."""


def files(disk: Filesystem) -> tuple[str, ...]:
    """The files of rules that apply, in their order."""
    return search_path(disk, _DIRECTORIES, ".rules")


def rules(disk: Filesystem) -> Iterator[tuple[str, str]]:
    """Each rule in its order, continued lines joined, with the path of its file."""
    for path in files(disk):
        for _, rule in significant_lines(text(disk, path).replace("\\\n", "")):
            yield path, rule


def pairs(rule: str) -> tuple[tuple[str, str, str], ...]:
    """The keys of a rule, each with its operator and its value."""
    return tuple((match[1], match[2], match[3]) for match in _PAIR.finditer(rule))


def matches(pattern: str, value: str) -> bool:
    """Whether a pattern is of a value: as of a shell, and with ``|`` between several."""
    return any(fnmatch.fnmatchcase(value, each) for each in pattern.split("|"))
