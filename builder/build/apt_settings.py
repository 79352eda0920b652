"""What apt is told for the time of a build, and no guest keeps. Pure.

The files lie in the image's ``/etc/apt`` while it is built. No package brings files of these names,
and the directory is made anew by every build: so nothing tells afterwards that they were there.
"""

from collections.abc import Mapping, Sequence

from builder.build.recompressed_packages import APT_SETTING
from builder.store.sections import Package

_PRIORITY = 1001
"""A version of this priority is taken also where a later one is installed (apt_preferences(5))."""


_ANY_AGE = 'Acquire::Check-Valid-Until "false";\n'


def apt_settings(pins: Sequence[Package], *, snapshot: bool) -> Mapping[str, str]:
    """The files of ``/etc/apt`` by their names.

    ``pins`` are taken in these versions only. The sources of a ``snapshot`` have expired: whether
    they were valid then has been judged before (``builder.archive.release``).
    """
    preferences = {"preferences": "\n".join(map(_pin, pins))} if pins else {}
    return {**preferences, "apt.conf": APT_SETTING + (_ANY_AGE if snapshot else "")}


def _pin(package: Package) -> str:
    name = package.name.partition(":")[0]
    if package.architecture != "all":  # apt takes no name for one of that, and pins it without
        name = f"{name}:{package.architecture}"
    return f"Package: {name}\nPin: version {package.version}\nPin-Priority: {_PRIORITY}\n"
