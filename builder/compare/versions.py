"""Which of two packages' versions is the later one, as their package manager orders them."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from univers.debian import Version
from univers.rpm import RpmVersion

PackageFormat = Literal["deb", "rpm"]

_PARSERS: Mapping[PackageFormat, Callable[[str], Any]] = {  # Any: univers has no types for them
    "deb": Version.from_string,
    "rpm": RpmVersion.from_string,
}


def order(old: str, new: str, package_format: PackageFormat | None) -> int | None:
    """1 where ``new`` is the later version, -1 where it is the earlier one, 0 where neither is.

    None where nothing orders them: the format is not known, or one is no version in it.
    """
    if package_format is None:
        return None
    parse = _PARSERS[package_format]
    try:
        before, after = parse(old), parse(new)
    except ValueError:
        return None
    return int(after > before) - int(after < before)
