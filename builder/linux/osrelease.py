"""Which distribution is on a disk: os-release(5), and what Glance's properties call it.

``os_distro`` has the names of Glance's "Useful image properties", and those of libosinfo where that
has none. Both are the ID of os-release, but for openSUSE's, whose products have one each.
"""

import re
import shlex
from collections.abc import Mapping

from builder.feature import Filesystem
from builder.linux.files import significant_lines, text

_WORD = re.compile(r"[a-z0-9._-]{1,64}", re.ASCII)
"""What os-release(5) allows in ID and VERSION_ID."""

_FAMILIES = ("opensuse",)
"""Distributions whose IDs go on with a product: ``opensuse-leap``, ``opensuse-tumbleweed``."""

_PATHS = ("/etc/os-release", "/usr/lib/os-release")


def read(disk: Filesystem) -> Mapping[str, str]:
    """Return the variables of the first os-release file there is; none where there is none."""
    content = next(filter(None, (text(disk, path) for path in _PATHS)), "")
    lines = (line.partition("=") for _, line in significant_lines(content))
    return {name: _unquote(value) for name, _, value in lines}


def is_of(release: Mapping[str, str], distro: str, version: str) -> bool:
    """Whether it is of a distribution and version as Glance's os_distro and os_version name them.

    It may be more exact than those: ``9.6`` is of version 9.
    """
    number = os_version(release)
    same_version = number == version or (version and number.startswith(f"{version}."))
    return os_distro(release) == distro and bool(same_version)


def os_distro(release: Mapping[str, str]) -> str:
    """Glance's name of the distribution; empty where os-release does not name it as it must."""
    name = _word(release.get("ID", ""))
    family = name.partition("-")[0]
    return family if family in _FAMILIES else name


def os_version(release: Mapping[str, str]) -> str:
    """The version; empty where os-release has none, as rolling releases have, or an odd one."""
    return _word(release.get("VERSION_ID", ""))


def _word(value: str) -> str:
    return value if _WORD.fullmatch(value) else ""


def _unquote(value: str) -> str:
    """The value as a shell has it; as it is written where that is no assignment of one word."""
    try:
        words = shlex.split(value)
    except ValueError:  # an open quote
        return value
    return value if len(words) > 1 else "".join(words)
