"""A build of an image that another profile, or another claim, has been built with already.

What differs between the two is beside the image: the plan, and so the manifest and the bills of
materials. Equal inputs give equal bytes (``content``), so the file is copied, not made again.
"""

from pathlib import Path

from builder.build.order import Order, ordered
from builder.errors import BuilderError
from builder.host.files import replace_text, sha256_of
from builder.host.process import run
from builder.plan.model import Plan, to_json
from builder.sbom.write import copy_bills, subject_of
from builder.store import build_directory, manifest
from builder.store.build_directory import CHECKSUMS, Seal, Workplace
from builder.store.disk_files import checksums
from builder.store.manifest import Manifest
from builder.terminal.progress import Progress

COPY_LIMIT = 900.0


def take_over(
    plan: Plan, origin: Path, dist: Path, progress: Progress, *, seal: Seal = lambda _: None
) -> Path:
    """Make a build of the plan out of the build ``origin`` of the same content; its directory.

    It is as old as that one, and nothing is proven of it yet. ``seal`` as for a build. Raises
    ``BuilderError`` where the image could not be copied.
    """
    order = ordered(plan)
    with build_directory.workplace(dist.absolute(), plan.profile, order.inputs) as place:
        _write(place, order, origin, progress)
        seal(place.directory)
    return place.directory.parent.parent / place.name


def _write(place: Workplace, order: Order, origin: Path, progress: Progress) -> None:
    progress.phase("copy")
    before = manifest.read(origin)
    for file in before.files:
        copy = place.directory / file.name
        words = ["cp", "--reflink=auto", "--sparse=always", "--"]
        paths = origin / file.name, copy
        run([*words, *paths], timeout=COPY_LIMIT, purpose=f"copy the image of {origin}")
        if sha256_of(copy) != file.sha256:
            raise BuilderError(
                f"The image of {origin} has changed while it was copied.",
                hint="Build anew, with --fresh.",
            )
    replace_text(place.directory / CHECKSUMS, checksums(before.files))
    place.log.write_text(f"The image is that of {origin}, which has the log of its making.\n")
    build = Manifest(
        build=place.name,
        inputs=order.inputs,
        content=order.content,
        ingredients=dict(order.parts),
        created=before.created,
        source_date=before.source_date,
        plan=order.hidden.redact_json(to_json(order.plan)),
        image=before.image,
        formats=before.formats,
        tools=before.tools,
        keyrings=before.keyrings,
        snapshot=before.snapshot,
        packages=before.packages,
        directories=before.directories,
        unpackaged=before.unpackaged,
        timings={},
        hooks={},
    )
    bills = copy_bills(origin, place.directory, subject_of(build, order.plan))
    progress.phase("manifest")
    told = {"sbom": bills, "timings": dict(progress.timings)}
    manifest.write(place.directory, build.model_copy(update=told))
