"""What a disk tells of an image that was built elsewhere, before anything in it is checked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from builder.adopt.contents import contents
from builder.adopt.distribution import distribution_of, unknown, with_user
from builder.architecture import ARCHITECTURES
from builder.distribution import Distribution
from builder.feature import Filesystem
from builder.features.registry import WINDOWS
from builder.linux import cloudinit
from builder.sbom.facts import Contents
from builder.words import enumeration

BOOTED = (*ARCHITECTURES, "i686")
"""Architectures that QEMU's machines of a proof can run."""


@dataclass(frozen=True)
class DiskFacts:
    """What the disk tells of the image, before anything in it is checked."""

    distribution: Distribution
    limits: tuple[str, ...]
    """Why it cannot be booted."""
    unknown: Mapping[str, str]
    """Properties whose value it does not tell, each with the reason."""
    contents: Contents | None = None
    """What is in it, where its package manager can be read."""


def disk_facts(disk: Filesystem, admin_user: str | None, file: Path) -> DiskFacts:
    """Read them; ``admin_user`` is cloud-init's default user, or None for the one it names.

    ``file`` is the image, for messages. Raises ``InputError`` for a user that the disk contradicts.
    """
    distribution = distribution_of(disk)
    if distribution.os_distro == WINDOWS.name:
        limits: tuple[str, ...] = (WINDOWS.no_probe_reason,)
    else:
        distribution = with_user(distribution, disk, admin_user, file)
        limits = tuple(obstacles(disk, distribution))
    return DiskFacts(distribution, limits, unknown(distribution, disk), contents(disk))


def obstacles(disk: Filesystem, distribution: Distribution) -> Iterator[str]:
    """Why no proof would get into the booted guest."""
    if distribution.architecture not in BOOTED:
        built_for = distribution.architecture or "no architecture that is known here"
        yield (
            f"It is not booted: it is built for {built_for}, and a proof boots machines of "
            f"{enumeration(BOOTED)} only."
        )
    elif not cloudinit.will_start(disk):
        yield (
            "It is not booted: cloud-init is not installed or not enabled, and nothing else would "
            "let a proof in."
        )
    elif not cloudinit.reads_config_drive(disk):
        yield (
            "It is not booted: its cloud-init does not look for a config drive, on which a proof "
            "brings its key."
        )
    elif not distribution.default_user:
        yield (
            "It is not booted: its cloud-init names no default user, whom a proof would log in as; "
            "name the user with --admin-user."
        )
