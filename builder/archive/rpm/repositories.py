"""The repositories that a build would use, for Rocky Linux and openSUSE. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from builder.archive.mirrors import named_mirrors
from builder.distribution import Distribution


@dataclass(frozen=True)
class _Layout:
    paths: Mapping[str, str]
    """Names of repositories, each with its path below the mirror."""
    release_package: str
    """The package of every installation whose version is that of the distribution."""
    strict: bool
    """Whether an update that cannot be installed is an error, and not passed over."""


_LAYOUTS = {
    # rocky.repo and rocky-extras.repo, as diskimage-builder's element rocky-container edits them;
    # dnf.conf of Red Hat's family has best=True.
    "rocky": _Layout(
        {
            "baseos": "{release}/BaseOS/{architecture}/os",
            "appstream": "{release}/AppStream/{architecture}/os",
            "extras": "{release}/extras/{architecture}/os",
        },
        release_package="rocky-release",
        strict=True,
    ),
    # diskimage-builder's element zypper-minimal, for Leap 15.
    "opensuse": _Layout(
        {
            "update": "update/leap/{release}/oss",
            "oss": "distribution/leap/{release}/repo/oss",
        },
        release_package="openSUSE-release",
        strict=False,
    ),
}


@dataclass(frozen=True)
class Repository:
    """One repository: a name, and the address above its ``repodata``."""

    name: str
    address: str


@dataclass(frozen=True)
class Archive:
    """Everything that a distribution's packages come from."""

    repositories: tuple[Repository, ...]
    release_package: str
    strict: bool


def archive_of(distribution: Distribution, mirrors: Mapping[str, str]) -> Archive:
    """The archive at the mirror of ``mirrors``, which has addresses by variables.

    Raises ``HostError`` where nobody names a mirror.
    """
    mirror = named_mirrors(distribution, mirrors)["archive"]
    layout = _LAYOUTS[distribution.os_distro]
    words = {"release": distribution.release, "architecture": distribution.architecture}
    return Archive(
        tuple(
            Repository(name, f"{mirror}/{path.format_map(words)}")
            for name, path in layout.paths.items()
        ),
        layout.release_package,
        layout.strict,
    )
