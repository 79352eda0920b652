"""Fleets of a few lines, and builds of their images as if they had been made."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from profile_files import write
from samples import complete, manifest

from builder.build.elements import elements_paths
from builder.build.reuse import digest_of, ingredients
from builder.features.registry import shipped
from builder.fleet.matrix import load_fleet
from builder.fleet.model import Fleet, Image
from builder.store import manifest as store
from builder.store.build_directory import LATEST
from builder.store.manifest import Manifest
from builder.store.sections import Evidence, Published

RELEASE = """\
ways: {release: {staging: staging, production: [prod, prod-2]}}
images: {base: {way: release}}
"""
IMAGE = b"an image"
DIGEST = hashlib.sha256(IMAGE).hexdigest()


def fleet_of(directory: Path, text: str) -> Fleet:
    return load_fleet(Path(write(directory, text, "images.yaml")), shipped())


def build_of(image: Image, created: datetime, *, proven: bool = True, **fields: Any) -> Manifest:
    """The manifest of a build of an image's own inputs."""
    parts = ingredients(image.plan, *elements_paths(image.plan, shipped()))
    build = manifest(
        image.plan,
        inputs=digest_of(image.plan, parts),
        ingredients=parts,
        created=created,
        evidence=evidence_of(image) if proven else (),
        **fields,
    )
    file = build.image.model_copy(update={"size": len(IMAGE), "sha256": DIGEST})
    return build.model_copy(update={"image": file})


def evidence_of(image: Image) -> tuple[Evidence, ...]:
    """All that proves an image, of the file that is in its builds here."""
    return tuple(
        result.model_copy(update={"image_sha256": DIGEST}) for result in complete(image.plan)
    )


def put(dist: Path, build: Manifest) -> Path:
    """Let it be the latest build of its profile."""
    directory = dist / build.planned().profile / build.build
    directory.mkdir(parents=True, exist_ok=True)
    (directory / build.image.name).write_bytes(IMAGE)
    store.write(directory, build)
    latest = directory.parent / LATEST
    latest.unlink(missing_ok=True)
    latest.symlink_to(build.build)
    return directory


def published(cloud: str, at: datetime) -> Published:
    return Published(
        cloud=cloud,
        endpoint=f"http://{cloud}",
        project="p",
        image=f"id-in-{cloud}",
        name="base",
        visibility="private",
        members=(),
        protected=False,
        tags=(),
        min_disk=1,
        min_ram=1,
        properties={},
        on_inspection=(),
        dropped=(),
        at=at,
    )
