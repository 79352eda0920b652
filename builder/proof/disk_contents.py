"""What ``diff --deep`` compares of a build's image, read from the disk at rest."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from builder.errors import ImageError
from builder.feature import Filesystem
from builder.linux.changelogs import Changelog, changelogs, kept
from builder.linux.configuration import Configuration, configuration
from builder.proof.inspection import INSPECTION, Look, examine
from builder.proof.prove import require_image
from builder.sbom.rpm_database import DATABASES, read_changelogs
from builder.store.manifest import Manifest
from builder.terminal.progress import Progress


@dataclass(frozen=True)
class DiskContents:
    """The files below ``/etc``, and the changelogs of the packages that were asked for."""

    configuration: Configuration
    changelogs: tuple[Changelog, ...]


def disk_contents(
    directory: Path, build: Manifest, packages: Collection[str], progress: Progress
) -> DiskContents:
    """What a build's image has of that; ``packages`` are those whose changelogs are read.

    Raises ``ImageError`` where the image is not the one that was built or cannot be looked at, and
    ``HostError`` where libguestfs cannot run.
    """
    image = require_image(directory, build, progress)
    progress.phase(INSPECTION)
    rpm = build.planned().distribution.package_format == "rpm"

    def at(disk: Filesystem) -> DiskContents:
        found = _of_rpm(disk, packages) if rpm else changelogs(disk, packages)
        return DiskContents(configuration(disk), found)

    look = Look(at, DiskContents, lambda _: ())
    found, _ = examine(image, build.image.format, look, build.image.sha256, progress)
    return found


def _of_rpm(disk: Filesystem, packages: Collection[str]) -> tuple[Changelog, ...]:
    """None where rpm's database cannot be read, as where an image has no changelogs."""
    path = next(filter(disk.exists, DATABASES), None)
    if path is None or not packages:
        return ()
    try:
        return kept(read_changelogs(disk.read_bytes(path), packages))
    except (ImageError, FileNotFoundError, ValueError):
        return ()
