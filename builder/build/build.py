"""A plan becomes a build directory: image, manifest, log, checksums."""

import contextlib
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from builder.build import dib, requirements, space_needs
from builder.build import packages as image_packages
from builder.build.dib_environment import ROOT_LABEL, mirrors, secrets
from builder.build.disk_image import GIB, MIB, Assembler, Layout, disk_size
from builder.build.elements import elements_paths
from builder.build.failure_hints import explained_failures, told_when_full
from builder.build.package_cache import package_cache
from builder.build.packages import Sizes
from builder.build.reuse import digest_of, ingredients
from builder.build.sandbox import Sandbox
from builder.build.source_date import settle, source_date
from builder.build.source_files import fetch_sources
from builder.build.tree_directory import require_tree_directory
from builder.distribution import Distribution
from builder.features.registry import installed
from builder.host.files import digests, replace_text, sha256_of
from builder.host.paths import cache_directory
from builder.host.process import run
from builder.host.room import Room
from builder.plan.model import Plan, to_json
from builder.redaction import Secrets
from builder.sbom.facts import Contents, LooseFile, Software
from builder.sbom.write import packages_of, subject_of, write_bills
from builder.store import build_directory, manifest
from builder.store.build_directory import CHECKSUMS, DIGEST_LENGTH, Seal
from builder.store.manifest import ImageFile, Manifest
from builder.terminal.progress import Progress

STEP_LIMIT = 900.0

_NAMESPACE = uuid.UUID("3d9c4a67-51c8-4b7e-9a52-d1f06f8e2b13")
"""Of the ids that are made of a build's inputs: a random UUID, once and for all."""


def build(plan: Plan, dist: Path, progress: Progress, *, seal: Seal = lambda _: None) -> Path:
    """Build an image from scratch and return its directory, ``dist/PROFILE/TIME-DIGEST``.

    ``seal`` is handed the complete directory before it gets this name.
    Raises ``InputError`` or ``HostError`` before anything is done if this machine lacks something,
    and ``BuilderError`` if the build fails; then only its log stays.
    """
    requirements.require_plain(dist.absolute(), "--output")
    requirements.require_plain(cache_directory(), "GUEST_IMAGE_CACHE")
    elements = elements_paths(plan, installed())
    for directory in elements:
        requirements.require_plain(directory, "install its package elsewhere")
    in_memory = requirements.works_in_memory()
    requirements.require_for_build(dist, cache_directory(), plan.distribution, in_memory=in_memory)
    hidden = secrets(plan, os.environ)
    parts = ingredients(plan, *elements)
    name = digest_of(plan, parts)[:DIGEST_LENGTH]

    def measured(scratch: Path | None = None) -> list[Room]:
        """The places that the build writes to, as they are now."""
        places = [
            space_needs.output(dist, in_memory=in_memory),
            space_needs.packages(cache_directory()),
        ]
        if scratch is not None and in_memory:
            places.append(space_needs.memory(scratch))
        return places

    with (
        told_when_full(plan.profile, measured),
        build_directory.workplace(dist.absolute(), plan.profile, name) as place,
    ):
        _build_in(place, plan, parts, elements, hidden, progress, measured, in_memory=in_memory)
        seal(place.directory)
    return place.directory.parent.parent / place.name


@contextlib.contextmanager
def _opened(log: Path) -> Iterator[TextIO]:
    """A log to write to, line by line; what it has no room for at its end was told before."""
    file = log.open("w", encoding="utf-8", buffering=1)
    try:
        yield file
    finally:
        with contextlib.suppress(OSError):
            file.close()


@dataclass(frozen=True)
class _Disk:
    """A finished image file, and what went into it."""

    image: Path
    virtual_size: int
    date: int
    """The time that its files have at most: seconds since 1970."""
    software: tuple[Software, ...]
    sizes: Sizes
    files: tuple[LooseFile, ...]
    """Those that belong to no package."""


def _build_in(
    place: build_directory.Workplace,
    plan: Plan,
    parts: Mapping[str, str],
    elements: Sequence[Path],
    hidden: Secrets,
    progress: Progress,
    measured: Callable[[Path], list[Room]],
    *,
    in_memory: bool,
) -> None:
    created = datetime.now(UTC).replace(microsecond=0)
    root_uuid = str(uuid.uuid5(_NAMESPACE, digest_of(plan, parts)))
    work = place.scratch / "work"
    work.mkdir()
    if not in_memory:
        require_tree_directory(work)
    files = place.scratch / "files"
    files.mkdir()
    with (
        _opened(place.log) as log_file,
        # Outlives the sandbox, so that nobody writes into it any more when it is given back.
        package_cache(
            cache_directory(),
            distro=plan.distribution.os_distro,
            release=plan.distribution.release,
            mirrors=mirrors(plan, os.environ),
        ) as cache,
        Sandbox(work, in_memory=in_memory) as sandbox,
        explained_failures(
            plan.profile, place.kept_log, hidden, lambda: measured(sandbox.path(sandbox.scratch))
        ),
    ):
        log = _logger(log_file.write, hidden.redact)
        if plan.files:
            progress.phase("files")
            fetch_sources(plan.files, files, cache_directory() / "files", log)
        tree, hooks = dib.build_tree(
            plan, sandbox, elements=elements, packages=cache, root_uuid=root_uuid, files=files,
            redact=hidden.redact, log=log, progress=progress,
        )  # fmt: skip
        disk = _write_disk(
            place.directory, plan, sandbox, tree, root_uuid=root_uuid, log=log, progress=progress
        )
        cache.note_used(
            (package.name, package.version, package.architecture) for package in disk.software
        )
        _write_record(place, plan, disk, parts, created, hooks, hidden, progress)


def _write_disk(
    directory: Path,
    plan: Plan,
    sandbox: Sandbox,
    tree: Path,
    *,
    root_uuid: str,
    log: Callable[[str], None],
    progress: Progress,
) -> _Disk:
    """Write the tree to a disk image in the build directory, and list what is in it."""

    def run_inside(argv: Sequence[str | Path], purpose: str) -> str:
        log(f"{purpose}: {' '.join(map(str, argv))}")
        return run(sandbox.command(argv), timeout=STEP_LIMIT, purpose=purpose)

    progress.phase("disk")
    seen = sandbox.path(tree)
    software = image_packages.software(run_inside, seen, tree)
    packaged = image_packages.packaged(run_inside, seen, tree)
    sizes = image_packages.sizes(seen, packaged)
    files = image_packages.loose_files(seen, sizes.loose)
    date = source_date(seen, os.environ)
    settle(seen, packaged, date)
    assembler = Assembler(run_inside, sandbox.path)
    layout = Layout(
        size=_size(sizes.total, plan), root_label=ROOT_LABEL, root_uuid=root_uuid, date=date
    )
    raw = sandbox.scratch / "disk.raw"
    assembler.write_disk(tree, raw, layout)
    progress.phase("convert")
    image = directory / f"image.{plan.disk.format}"
    assembler.convert(raw, image, image_format=plan.disk.format, compression=plan.disk.compression)
    return _Disk(image, layout.size, date, software, sizes, files)


def _write_record(
    place: build_directory.Workplace,
    plan: Plan,
    disk: _Disk,
    parts: Mapping[str, str],
    created: datetime,
    hooks: Mapping[str, float],
    hidden: Secrets,
    progress: Progress,
) -> None:
    """Write the checksums, the bills of materials and the manifest of a finished image."""
    progress.phase("checksums")
    sha256, sha512 = digests(disk.image)
    replace_text(place.directory / CHECKSUMS, f"{sha256}  {disk.image.name}\n")
    contents = Contents(plan.distribution.package_format or "deb", disk.software, disk.files)
    build = Manifest(
        build=place.name,
        inputs=digest_of(plan, parts),
        ingredients=dict(parts),
        created=created,
        source_date=disk.date,
        plan=hidden.redact_json(to_json(plan)),
        image=ImageFile(
            name=disk.image.name,
            format=plan.disk.format,
            size=disk.image.stat().st_size,
            virtual_size=disk.virtual_size,
            sha256=sha256,
            sha512=sha512,
        ),
        tools=tool_versions(plan.distribution.tools),
        keyrings=keyring_digests(plan.distribution),
        packages=packages_of(contents),
        directories=dict(disk.sizes.directories),
        unpackaged=dict(disk.sizes.unpackaged),
        timings={},
        hooks=dict(hooks),
    )
    progress.phase("bill of materials")
    bills = write_bills(place.directory, subject_of(build, plan), contents)
    progress.phase("manifest")
    manifest.write(
        place.directory,
        build.model_copy(update={"sbom": bills, "timings": dict(progress.timings)}),
    )


def _logger(write: Callable[[str], object], redact: Callable[[str], str]) -> Callable[[str], None]:
    start = time.monotonic()

    def log(line: str) -> None:
        write(f"{time.monotonic() - start:8.1f} {redact(line)}\n")

    return log


def _size(content: int, plan: Plan) -> int:
    wanted = plan.disk.size_gib * GIB if plan.disk.size_gib is not None else None
    return disk_size(content, free=plan.disk.extra_mib * MIB, wanted=wanted)


_VERSION_COMMANDS: Mapping[str, Sequence[str]] = {
    "qemu-img": ["qemu-img", "--version"],
    "sfdisk": ["sfdisk", "--version"],
    "mke2fs": ["sh", "-c", "mke2fs -V 2>&1"],
    "mkfs.vfat": ["fatlabel", "--version"],
    "mtools": ["mtools", "--version"],
}


def keyring_digests(distribution: Distribution) -> dict[str, str]:
    """The SHA-256 of each file with keys that the packages' signatures are checked by."""
    return {path: sha256_of(Path(path)) for path in (distribution.keyring,) if path}


def tool_versions(bootstrap: Iterable[str]) -> dict[str, str]:
    """The first line of what each tool says of its version, those of the bootstrap first."""
    commands = {**{name: [name, "--version"] for name in bootstrap}, **_VERSION_COMMANDS}
    versions = {
        name: run(argv, timeout=30, purpose=f"ask {name} for its version").splitlines()[0].strip()
        for name, argv in commands.items()
    }
    own = {name: version(name) for name in ("guest-image-builder", "diskimage-builder")}
    return {**own, **versions}
