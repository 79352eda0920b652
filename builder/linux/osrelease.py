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


def is_of(release: Mapping[str, str], distro: str, version: str) -> bool:
    """Whether it is of a distribution and version as Glance's os_distro and os_version name them.

    It may be more exact than those: ``opensuse-leap`` is of opensuse, ``9.6`` is of version 9.
    """
    name, number = release.get("ID", ""), release.get("VERSION_ID", "")
    same_name = name == distro or name.startswith(f"{distro}-")
    return same_name and (number == version or number.startswith(f"{version}."))


def _unquote(value: str) -> str:
    try:
        return "".join(shlex.split(value))
    except ValueError:  # an open quote
        return value
