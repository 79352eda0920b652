"""A build and its evidence, ready to be published, and the record of where it was."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from builder import manifest
from builder.errors import HostError, ImageError, InputError
from builder.imagefile import format_of
from builder.locking import locked
from builder.manifest import Manifest, Published
from builder.nova import SIGNATURE
from builder.publication import Publication
from builder.publish.draft import Origin
from builder.publish.glance import Glance
from builder.publish.image import CloudImage, Wanted
from builder.publish.properties import signed, wanted
from builder.publish.publish import find
from builder.publish.refusal import Admission, Concession, admit, require_young
from builder.publish.survey import Survey
from builder.publish.upload import pieces_of
from builder.report.html import write_html
from builder.resources import cache_directory

if TYPE_CHECKING:
    from builder.publish.signature import Signer  # with its libraries slow to load


@dataclass(frozen=True)
class Ready:
    """A build that may be published."""

    directory: Path
    build: Manifest
    admission: Admission
    settings: Publication
    wanted: Wanted
    origin: Origin


def state_directory() -> Path:
    """Where publishers on this machine see each other."""
    return cache_directory() / "publishers"


def ready(
    directory: Path,
    concession: Concession,
    *,
    max_age: timedelta,
    settings: Publication | None = None,
    origin: Origin | None = None,
    signer: "Signer | None" = None,
) -> Ready:
    """Judge a build's evidence and say what would be published.

    ``settings`` stand in for those that it was built with, ``origin`` for its own file; with a
    ``signer`` the image is signed. Raises ``Refused``, ``InputError`` and ``ImageError``. Evidence
    that is too old refuses an upload only, by ``for_cloud``.
    """
    build = manifest.read(directory)
    chosen = settings or build.planned().publish
    admission = admit(build, concession, now=datetime.now(UTC), max_age=max_age)
    path = directory / build.image.name
    if origin is None:
        _require_format(path, build)
        origin = Origin(lambda: pieces_of(path))
    image = wanted(build, admission, chosen)
    if signer is not None:
        earlier = [one.properties for one in reversed(build.published)]
        image = signed(image, signer.properties(origin.pieces, earlier))
    return Ready(directory, build, admission, chosen, image, origin)


def for_cloud(ready_build: Ready, seen: Survey, endpoint: str) -> Ready:
    """The same for one cloud, by what it has and what it was sent before.

    A signature stays as long as no other is made. Raises ``Refused`` where the data would have to
    be sent and the evidence is too old for that.
    """
    known = find(seen.images, ready_build.wanted)
    if known is None:
        require_young(ready_build.build, ready_build.admission)
    if set(SIGNATURE) <= set(ready_build.wanted.properties):
        return ready_build
    records = [one.properties for one in ready_build.build.published if one.endpoint == endpoint]
    before = records[-1] if records else known.properties if known else {}
    if not set(SIGNATURE) <= set(before):
        return ready_build
    signature = {name: before[name] for name in SIGNATURE}
    return replace(ready_build, wanted=signed(ready_build.wanted, signature))


def _require_format(path: Path, build: Manifest) -> None:
    found, size = format_of(path), path.stat().st_size
    if (found, size) == (build.image.format, build.image.size):
        return
    raise ImageError(
        f"{path} is not the file that was built and proven.",
        details=[
            f"It is {found} of {size} bytes, and was {build.image.format} of {build.image.size}."
        ],
        hint=f"Build it again: guest-image image {build.planned().profile}",
    )


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


def manifests(dist: Path) -> Iterator[tuple[Path, Manifest]]:
    """Every complete build below a directory whose manifest this version can read."""
    for path in sorted(dist.glob(f"*/[!.]*/{manifest.FILE_NAME}")):
        if not path.parent.is_symlink():
            with contextlib.suppress(InputError):
                yield path.parent, manifest.read(path.parent)
