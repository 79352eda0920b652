"""Which distribution an image has, by its own files."""

from builder import windows
from builder.distribution import DISTRIBUTIONS, Distribution
from builder.feature import Filesystem
from builder.features.registry import WINDOWS
from builder.linux import osrelease


def distribution_of(disk: Filesystem) -> Distribution:
    """The distribution that the disk's os-release names, whether or not it can be built here.

    A Windows is one too, as its registry names it.
    """
    release = osrelease.read(disk)
    if not release and (found := windows.release(disk)):
        return Distribution(
            name=f"{WINDOWS.name}-{found.version}",
            os_distro=WINDOWS.name,
            os_version=found.version,
            release=found.product,
            element="",
            default_user="Administrator",  # Nova's default for os_type=windows
            architecture=found.architecture,
            initramfs=None,
        )
    name, number = release.get("ID", "unknown"), release.get("VERSION_ID", "")
    for distribution in DISTRIBUTIONS.values():
        if (distribution.os_distro, distribution.os_version) == (name, number):
            return distribution
    return Distribution(
        name=f"{name}-{number}",
        os_distro=name,
        os_version=number,
        release=release.get("VERSION_CODENAME", ""),
        element="",
        default_user=name,
        architecture="x86_64",
        initramfs=None,
    )
