"""The distributions an image can be made of, as a table."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """One release of one distribution.

    ``os_distro`` and ``os_version`` are the words of Glance's properties of the same names (those
    that libosinfo uses); ``release`` and ``element`` are diskimage-builder's.
    """

    name: str
    os_distro: str
    os_version: str
    release: str
    element: str
    default_user: str
    """The user that the distribution's own cloud images give the SSH key to."""
    architecture: str
    initramfs: Literal["initramfs-tools", "dracut"]


DISTRIBUTIONS = {
    distribution.name: distribution
    for distribution in (
        Distribution(
            name="debian-12",
            os_distro="debian",
            os_version="12",
            release="bookworm",
            element="debian-minimal",
            default_user="debian",
            architecture="x86_64",
            initramfs="initramfs-tools",
        ),
        Distribution(
            name="debian-13",
            os_distro="debian",
            os_version="13",
            release="trixie",
            element="debian-minimal",
            default_user="debian",
            architecture="x86_64",
            initramfs="initramfs-tools",
        ),
    )
}
