"""Whether a build stands for another: the digest of all that an image is made from, and its age.

The packages of the day are not in the digest: the age stands for them.
"""

import hashlib
import itertools
import json
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import builder
from builder.build.elements import elements_paths
from builder.build.reachable import reachable
from builder.errors import InputError
from builder.features.registry import installed
from builder.host.files import sha256_of
from builder.plan.model import Plan, to_json
from builder.store import build_directory, manifest

CODE = Path(builder.__file__).parent
"""This program's own code."""

ENTRANCES = ("builder.build.build", "builder.build.dib_block_device")
"""Where a build begins: the one is called, the other is loaded by diskimage-builder."""

REUSE_LIMIT = timedelta(days=1)
"""For how long a build stands for another of the same inputs: the archives move on."""


def inputs_digest(plan: Plan, *elements: Path, code: Path = CODE) -> str:
    """Hex SHA-256 over the plan, all of ``code`` that a build reaches, and its elements' files.

    ``elements`` are the directories that have them. Elements of diskimage-builder itself count
    through its version.
    """
    digest = hashlib.sha256(json.dumps(to_json(plan), sort_keys=True).encode())
    for program in ("guest-image-builder", "diskimage-builder"):
        digest.update(f"\0{program} {version(program)}".encode())
    for path in reachable(code, ENTRANCES):
        digest.update(f"\0{path.relative_to(code)}\0".encode())
        digest.update(path.read_bytes())
    for home, name in itertools.product(elements, plan.elements):
        for path in sorted((home / name).rglob("*")):
            if path.is_file():
                mode = "x" if path.stat().st_mode & 0o100 else "-"
                digest.update(f"\0{path.relative_to(home)}\0{mode}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def reusable(plan: Plan, dist: Path) -> Path | None:
    """The latest build, if it is complete, of the same inputs, and young enough.

    How old one of the future is cannot be told: this host's clock has been set back since.
    """
    latest = dist / plan.profile / build_directory.LATEST
    if not (latest / manifest.FILE_NAME).is_file():
        return None
    try:
        latest_manifest = manifest.read(latest)
    except InputError:
        return None
    if latest_manifest.inputs != inputs_digest(plan, *elements_paths(plan, installed())):
        return None
    if not timedelta() <= datetime.now(UTC) - latest_manifest.created <= REUSE_LIMIT:
        return None
    image = latest / latest_manifest.image.name
    if not image.is_file() or sha256_of(image) != latest_manifest.image.sha256:
        return None
    return latest.resolve()
