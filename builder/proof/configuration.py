"""What a build's image has for its configuration, read from the disk at rest."""

from collections.abc import Mapping
from pathlib import Path

from builder.linux.configuration import Configuration, ConfigurationFile, configuration
from builder.proof.inspection import INSPECTION, Look, examine
from builder.proof.prove import require_image
from builder.store.manifest import Manifest
from builder.terminal.progress import Progress


def configuration_of(
    directory: Path, build: Manifest, progress: Progress
) -> Mapping[str, ConfigurationFile]:
    """The files below ``/etc`` of a build's image, by path.

    Raises ``ImageError`` where the image is not the one that was built or cannot be looked at, and
    ``HostError`` where libguestfs cannot run.
    """
    image = require_image(directory, build, progress)
    progress.phase(INSPECTION)
    look = Look(configuration, Configuration, lambda _: ())
    found, _ = examine(image, build.image.format, look, build.image.sha256, progress)
    return found.files
