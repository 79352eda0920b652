"""The distributions an image can be made of, as a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Literal

from pydantic import StringConstraints

from builder.architecture import AARCH64, X86_64, Name

Initramfs = Literal["initramfs-tools", "dracut"]
"""What makes a kernel's initial RAM disk, by the name of its package."""

MirrorKind = Literal["archive", "security"]
"""What a mirror has: the archive, or security updates that are kept apart from it."""

SECURITY = "-security"
"""What the name of a suite of security updates ends in."""

USER_NAME = r"^[A-Za-z_][A-Za-z0-9_.-]{0,31}$"
"""A user's name, which programs are given as an argument: it must not look like an option."""


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """One release of one distribution.

    ``os_distro`` and ``os_version`` are the words of Glance's properties of the same names (those
    that libosinfo uses); ``release`` and ``element`` are diskimage-builder's. A distribution that
    is never released has no version.
    """

    name: str
    os_distro: str
    os_version: str
    release: str
    element: str
    default_user: Annotated[str, StringConstraints(pattern=f"^$|{USER_NAME}")]
    """The user that the distribution's own cloud images give the SSH key to; empty where an image
    that was built elsewhere has none."""
    architecture: str = X86_64.name
    """As Glance calls it; a profile may choose another of ``architectures``."""
    architectures: tuple[Name, ...] = (X86_64.name,)
    """Those that images of this distribution can be made for."""
    initramfs: Initramfs | None
    """The distribution's own, where it is known; a profile may choose another of the choices."""
    initramfs_choices: tuple[Initramfs, ...] = ()
    """Those that images of this distribution can have."""
    mirrors: Mapping[MirrorKind, str] = field(default_factory=dict)
    """Its kinds of mirrors, each with the variable in which its elements look for one."""
    suites: Mapping[str, MirrorKind] = field(default_factory=dict)
    """Of an archive that apt reads: what its suites are called after ``release``, and the kind of
    mirror that has each, as diskimage-builder's elements write them; from backports apt takes
    nothing by itself."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables for diskimage-builder's elements, where their own defaults do not serve."""
    family: Literal["debian", "redhat", "suse"] | None = None
    """What diskimage-builder's pkg-map calls its family, where it is known."""
    package_format: Literal["deb", "rpm"] | None = None
    """What its package manager takes, where it is known."""
    tools: Mapping[str, str] = field(default_factory=dict)
    """Programs that bootstrap it on the build host, each with the Debian package that has it."""
    keyring: str = ""
    """The keys that sign its archive, as a file: a path of the build host and of the image alike;
    empty where another program than apt checks the signatures."""
    keyring_package: str = ""
    """The package that has the file."""
    untested_reason: str = ""
    """Why no image of it counts as tried; empty where one has been built and proven."""

    def variables(self) -> dict[str, str]:
        """What diskimage-builder's elements and ours read of it."""
        initramfs = {"DIB_INITRAMFS": self.initramfs} if self.initramfs else {}
        keyring = {"DIB_GUEST_KEYRING": self.keyring} if self.keyring else {}
        return {"DIB_RELEASE": self.release, **initramfs, **keyring, **self.environment}


_ARCHIVE: Mapping[MirrorKind, str] = {"archive": "DIB_DISTRIBUTION_MIRROR"}
_DEBIAN_MIRRORS = {**_ARCHIVE, "security": "DIB_DEBIAN_SECURITY_MIRROR"}
_DEBIAN_SUITES: Mapping[str, MirrorKind] = {
    "": "archive", "-updates": "archive", SECURITY: "security",
}  # fmt: skip
# diskimage-builder asks debootstrap for its version, also where mmdebstrap does the work.
_APT = {"mmdebstrap": "mmdebstrap", "debootstrap": "debootstrap"}
_DEBIAN_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_UNTRIED = "its elements follow the documentation, and no image of it has been built and booted yet"

_debian = partial(
    Distribution,
    os_distro="debian",
    element="debian-minimal",
    default_user="debian",
    initramfs="initramfs-tools",
    family="debian",
    package_format="deb",
    tools=_APT,
    keyring=_DEBIAN_KEYRING,
    keyring_package="debian-archive-keyring",
)

DISTRIBUTIONS = {
    distribution.name: distribution
    for distribution in (
        _debian(
            name="debian-12",
            os_version="12",
            release="bookworm",
            architectures=(X86_64.name, AARCH64.name),
            initramfs_choices=("initramfs-tools", "dracut"),
            mirrors=_DEBIAN_MIRRORS,
            suites=_DEBIAN_SUITES,
        ),
        _debian(
            name="debian-13",
            os_version="13",
            release="trixie",
            initramfs_choices=("initramfs-tools", "dracut"),
            mirrors=_DEBIAN_MIRRORS,
            suites=_DEBIAN_SUITES,
        ),
        _debian(
            name="debian-sid",
            os_version="",
            release="unstable",
            initramfs_choices=("initramfs-tools",),
            mirrors=_ARCHIVE,
            suites={"": "archive"},
            untested_reason="it is another one every day; an image of 2026-10-30 was proven",
        ),
        Distribution(
            name="ubuntu-24.04",
            os_distro="ubuntu",
            os_version="24.04",
            release="noble",
            element="ubuntu-minimal",
            default_user="ubuntu",
            initramfs="initramfs-tools",
            initramfs_choices=("initramfs-tools",),
            mirrors=_ARCHIVE,
            suites={"": "archive", "-updates": "archive", SECURITY: "archive"},
            family="debian",
            package_format="deb",
            tools=_APT,
            keyring="/usr/share/keyrings/ubuntu-archive-keyring.gpg",
            keyring_package="ubuntu-keyring",
            untested_reason=_UNTRIED,
        ),
        Distribution(
            name="rocky-9",
            os_distro="rocky",
            os_version="9",
            release="9",
            element="rocky-container",
            default_user="rocky",
            initramfs="dracut",
            initramfs_choices=("dracut",),
            # Without root, podman would lose the owners and capabilities of the files.
            environment={"DIB_CONTAINERFILE_RUNTIME_ROOT": "1"},
            mirrors=_ARCHIVE,
            family="redhat",
            package_format="rpm",
            tools={"podman": "podman"},
            untested_reason=_UNTRIED,
        ),
        Distribution(
            name="opensuse-15.6",
            os_distro="opensuse",
            os_version="15.6",
            release="15.6",
            element="opensuse-minimal",
            default_user="opensuse",
            initramfs="dracut",
            initramfs_choices=("dracut",),
            mirrors=_ARCHIVE,
            family="suse",
            package_format="rpm",
            tools={"zypper": "zypper"},
            untested_reason=_UNTRIED,
        ),
    )
}
