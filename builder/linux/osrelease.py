"""Which distribution is on a disk: os-release(5)."""

import shlex
from collections.abc import Mapping

from builder.feature import Filesystem
from builder.linux.files import significant_lines, text

_PATHS = ("/etc/os-release", "/usr/lib/os-release")


def read(disk: Filesystem) -> Mapping[str, str]:
    """Return the variables of the first os-release file there is; none where there is none."""
    content = next(filter(None, (text(disk, path) for path in _PATHS)), "")
    lines = (line.partition("=") for _, line in significant_lines(content))
    return {name: _unquote(value) for name, _, value in lines}


def _unquote(value: str) -> str:
    try:
        return "".join(shlex.split(value))
    except ValueError:  # an open quote
        return value
