"""What was published is noted in the build's manifest and report."""

import os
from datetime import UTC, datetime
from pathlib import Path

from builder.errors import HostError
from builder.publish.candidate.prepare import Ready
from builder.publish.cloud.data import data_in, own_data
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.image import CloudImage
from builder.report.update import update
from builder.store.sections import Published, PublishedData


def require_writable(directory: Path) -> None:
    """Raise ``HostError`` where the manifest could not tell of a publication."""
    if os.access(directory, os.W_OK | os.X_OK, effective_ids=True):
        return
    raise HostError(
        f"{directory} cannot be written, and its manifest is to tell what was published.",
        hint=f"If it was built with sudo, take it over: sudo chown -R $USER {directory.parent}",
    )


def record(ready_build: Ready, glance: Glance, image: CloudImage) -> None:
    """Write into the manifest, and into the report, that a build is published so."""
    wanted, admission = ready_build.wanted, ready_build.admission
    publication = Published(
        cloud=glance.cloud,
        endpoint=glance.endpoint,
        project=image.owner,
        image=image.id,
        name=wanted.name,
        visibility=wanted.visibility,
        members=wanted.members,
        protected=wanted.protected,
        tags=tuple(sorted(wanted.tags)),
        min_disk=wanted.min_disk,
        min_ram=wanted.min_ram,
        properties=dict(wanted.properties),
        data=_data(ready_build, image),
        on_inspection=admission.on_inspection,
        dropped=admission.dropped,
        unchecked=admission.unchecked,
        at=datetime.now(UTC),
    )
    directory = ready_build.directory
    try:
        update(directory, lambda build: build.with_published(publication))
    except OSError as error:
        raise HostError(
            f"Image {image.id} is published in cloud '{glance}', but the manifest does not tell.",
            details=[f"{directory} cannot be written: {error.strerror or error}"],
            hint="Make it writable; then run the same command again.",
        ) from error


def _data(ready_build: Ready, image: CloudImage) -> PublishedData | None:
    """What the cloud has, which may have converted what it was sent."""
    data = data_in(image, ready_build.wanted)
    if data == own_data(ready_build.build.image):
        return None
    return PublishedData(
        sent_as=ready_build.sent_as,
        disk_format=data.disk_format,
        size=data.size,
        hashes=dict(data.hashes),
    )
