"""Whether a build stands for another: the digest of all that an image is made from, and its age.

The packages of the day are not in the digest: the age stands for them.
"""

import hashlib
import itertools
import json
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import builder
from builder.build.elements import elements_paths
from builder.build.reachable import reachable
from builder.build.source_date import asked
from builder.errors import InputError
from builder.features.registry import installed
from builder.host.files import sha256_of
from builder.plan.model import DIGEST_CHARACTERS, Plan, to_json
from builder.store import build_directory, manifest
from builder.store.manifest import Manifest

CODE = Path(builder.__file__).parent
"""This program's own code."""

ENTRANCES = ("builder.build.build", "builder.build.dib_block_device", "builder.build.layer")
"""Where a build begins: the one is called, the others are loaded or run by diskimage-builder."""

_SCRIPTS = "build/as_root/*"
"""Of this code, what a build runs besides."""

REUSE_LIMIT = timedelta(days=1)
"""For how long a build stands for another of the same inputs: the archives move on."""

OF_CONTENT = (
    "distribution", "disk", "elements", "packages", "environment", "argv", "files", "snapshot",
)  # fmt: skip
"""What of a plan diskimage-builder and the tools of the disk are given."""

_OF_ALL_FEATURES = ("__init__.py", "registry.py", "combination.py")


def inputs_digest(plan: Plan, *elements: Path, code: Path = CODE) -> str:
    """Hex SHA-256 over the plan, all of ``code`` that a build reaches, and its elements' files.

    ``elements`` are the directories that have them. Elements of diskimage-builder itself count
    through its version.
    """
    return digest_of(plan, ingredients(plan, *elements, code=code))


def digest_of(plan: Plan, parts: Mapping[str, str]) -> str:
    """The same of a plan and what ``ingredients`` says of it."""
    return hashlib.sha256(json.dumps([to_json(plan), parts], sort_keys=True).encode()).hexdigest()


def content_of(plan: Plan, parts: Mapping[str, str]) -> str:
    """Hex SHA-256 over what of that goes into the image's file.

    Plans that differ in claims and checks alone, as by a watchdog's action, have one image.
    """
    told = to_json(plan)
    content = {field: told[field] for field in OF_CONTENT}
    return hashlib.sha256(json.dumps([content, parts], sort_keys=True).encode()).hexdigest()


def ingredients(plan: Plan, *elements: Path, code: Path = CODE) -> dict[str, str]:
    """What an image is made from besides the plan, part by part: a version, or a short digest.

    The parts are the two programs by their versions, each feature and the rest of the program by
    the code that a build reaches, and each element by its files.
    """
    found = {program: version(program) for program in ("guest-image-builder", "diskimage-builder")}
    files: dict[str, list[Path]] = {}
    for path in (*reachable(code, ENTRANCES), *sorted(code.glob(_SCRIPTS))):
        files.setdefault(_part(path.relative_to(code)), []).append(path)
    found |= {part: _digest(paths, code) for part, paths in sorted(files.items())}
    for home, name in itertools.product(elements, plan.elements):
        paths = [path for path in sorted((home / name).rglob("*")) if path.is_file()]
        if paths:
            found[f"element {name}"] = _digest(paths, home)
    return found


def _part(module: Path) -> str:
    """Which part of this program a file of its code belongs to."""
    is_feature = module.parent.name == "features" and module.name not in _OF_ALL_FEATURES
    return f"feature {module.stem.replace('_', '-')}" if is_feature else "program"


def _digest(paths: Iterable[Path], home: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        mode = "x" if path.stat().st_mode & 0o100 else "-"
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(home)}\0{mode}\0{content}\0".encode())
    return digest.hexdigest()[:DIGEST_CHARACTERS]


def reusable(plan: Plan, dist: Path) -> Path | None:
    """The latest build, if it is complete, of the same inputs, and young enough."""
    inputs = inputs_digest(plan, *elements_paths(plan, installed()))
    return _young(dist / plan.profile / build_directory.LATEST, lambda each: each.inputs == inputs)


def of_same_content(plan: Plan, dist: Path) -> Path | None:
    """A profile's latest build whose image is the one that would be built, as for ``reusable``."""
    content = content_of(plan, ingredients(plan, *elements_paths(plan, installed())))
    builds = sorted(dist.glob(f"*/{build_directory.LATEST}"))
    found = (_young(build, lambda each: each.content == content) for build in builds)
    return next((build for build in found if build is not None), None)


def _young(latest: Path, fits: Callable[[Manifest], bool]) -> Path | None:
    """The build, if it fits, its image is whole, and it is young enough.

    How old one of the future is cannot be told: this host's clock has been set back since.
    """
    if not (latest / manifest.FILE_NAME).is_file():
        return None
    try:
        build = manifest.read(latest)
    except InputError:
        return None
    if not fits(build) or asked(os.environ) not in {None, build.source_date}:
        return None
    if not timedelta() <= datetime.now(UTC) - build.created <= REUSE_LIMIT:
        return None
    whole = all(
        (latest / file.name).is_file() and sha256_of(latest / file.name) == file.sha256
        for file in build.files
    )
    return latest.resolve() if whole else None
