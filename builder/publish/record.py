"""What was published is noted in the build's manifest and report."""

import os
from datetime import UTC, datetime
from pathlib import Path

from builder.errors import HostError
from builder.host.locking import locked
from builder.publish.candidate.prepare import Ready
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.image import CloudImage
from builder.report.html import write_html
from builder.store import manifest
from builder.store.manifest import Published


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
    one, admission = ready_build.wanted, ready_build.admission
    told = Published(
        cloud=glance.cloud,
        endpoint=glance.endpoint,
        project=image.owner,
        image=image.id,
        name=one.name,
        visibility=one.visibility,
        members=one.members,
        protected=one.protected,
        tags=tuple(sorted(one.tags)),
        min_disk=one.min_disk,
        min_ram=one.min_ram,
        properties=dict(one.properties),
        on_inspection=admission.on_inspection,
        dropped=admission.dropped,
        unchecked=admission.unchecked,
        at=datetime.now(UTC),
    )
    directory = ready_build.directory
    try:
        with locked(directory):
            known = manifest.read(directory)
            updated = known.with_published(told)
            if updated is not known:
                manifest.write(directory, updated)
                write_html(directory, updated)
    except OSError as error:
        raise HostError(
            f"Image {image.id} is published in cloud '{glance}', but the manifest does not tell.",
            details=[f"{directory} cannot be written: {error.strerror or error}"],
            hint="Make it writable; then run the same command again.",
        ) from error
