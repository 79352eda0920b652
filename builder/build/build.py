"""A plan becomes a build directory: image, manifest, log, checksums."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from builder.architecture import ARCHITECTURES
from builder.build import dib, recompressed_packages, requirements, space_needs
from builder.build import packages as image_packages
from builder.build.dib_environment import ROOT_LABEL, usual_mirrors
from builder.build.disk_image import GIB, MIB, Assembler, Layout, disk_size
from builder.build.elements import elements_paths
from builder.build.failure_hints import explained_failures, told_when_full
from builder.build.format_ids import settle_ids
from builder.build.order import Order, ordered
from builder.build.package_cache import PackageCache, package_cache
from builder.build.record import Disk, write_record
from builder.build.sandbox import Sandbox
from builder.build.source_date import settle, source_date
from builder.build.source_files import fetch_sources
from builder.build.tree_directory import require_tree_directory
from builder.features.registry import installed
from builder.host.paths import cache_directory
from builder.host.process import run
from builder.host.room import Room
from builder.image.content import content_sha256
from builder.plan.model import Plan
from builder.store import build_directory
from builder.store.build_directory import Seal
from builder.store.manifest import Manifest
from builder.store.sections import Package, Snapshot
from builder.terminal.progress import Progress

STEP_LIMIT = 900.0


def build(
    plan: Plan,
    dist: Path,
    progress: Progress,
    *,
    seal: Seal = lambda _: None,
    again: Manifest | None = None,
    pins: Sequence[Package] = (),
    snapshot: Snapshot | None = None,
    indexes: str = "",
) -> Path:
    """Build an image anew and return its directory, ``dist/PROFILE/TIME-DIGEST``.

    ``seal`` is handed the complete directory before it gets this name. With ``again`` times and ids
    are those of an earlier build, so that the same content gives the same image. ``pins`` are
    packages that are taken in their very versions, which the archive must have; ``snapshot`` is
    what it has at the plan's moment, and ``indexes`` are those of this moment, for which a system
    that was bootstrapped before may serve.
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
    order = ordered(plan, again, pins, snapshot, indexes)

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
        build_directory.workplace(dist.absolute(), plan.profile, order.inputs) as place,
    ):
        _build_in(place, order, progress, measured, in_memory=in_memory)
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


def _build_in(
    place: build_directory.Workplace,
    order: Order,
    progress: Progress,
    measured: Callable[[Path], list[Room]],
    *,
    in_memory: bool,
) -> None:
    plan = order.plan
    created = datetime.now(UTC).replace(microsecond=0)
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
            mirrors=usual_mirrors(plan, order.caller),
        ) as cache,
        Sandbox(work, in_memory=in_memory) as sandbox,
        explained_failures(
            plan.profile, place.kept_log, order.hidden,
            lambda: measured(sandbox.path(sandbox.scratch)),
        ),
    ):  # fmt: skip
        for name, text in order.apt.items():
            (cache.settings / name).write_text(text)
        log = _logger(log_file.write, order.hidden.redact)
        if plan.files:
            progress.phase("files")
            fetch_sources(plan.files, files, cache_directory() / "files", log)
        tree, hooks = dib.build_tree(
            order, sandbox, packages=cache, files=files, log=log, progress=progress
        )
        disk = _write_disk(place, order, sandbox, tree, log=log, progress=progress)
        used = cache.note_used(
            (package.name, package.version, package.architecture) for package in disk.software
        )
        write_record(place, order, disk, created, hooks, progress)
        if order.indexes:
            progress.phase("keep packages")
            _keep_recompressed(cache, used, log)


def _keep_recompressed(
    cache: PackageCache, packages: Sequence[Path], log: Callable[[str], None]
) -> None:
    """Keep packages as the next build unpacks them; where that fails, nothing but time is lost."""
    try:
        recompressed_packages.keep(cache.recompressed, packages)
    except OSError as error:
        log(f"the packages are not kept as they unpack quickly: {error}")


def _write_disk(
    place: build_directory.Workplace,
    order: Order,
    sandbox: Sandbox,
    tree: Path,
    *,
    log: Callable[[str], None],
    progress: Progress,
) -> Disk:
    """Write the tree to a disk image in each format, and list what is in it."""
    plan = order.plan

    def run_inside(argv: Sequence[str | Path], purpose: str) -> str:
        log(f"{purpose}: {' '.join(map(str, argv))}")
        return run(sandbox.command(argv), timeout=STEP_LIMIT, purpose=purpose)

    progress.phase("disk")
    seen = sandbox.path(tree)
    packaged = image_packages.packaged(run_inside, seen, tree)
    sizes = image_packages.sizes(seen, packaged)
    files = image_packages.loose_files(seen, sizes.loose)
    date = source_date(seen) if order.date is None else order.date
    settle(seen, packaged, date)
    assembler = Assembler(run_inside, sandbox.path)
    layout = Layout(
        architecture=ARCHITECTURES[plan.distribution.architecture],
        size=_size(sizes.total, plan),
        root_label=ROOT_LABEL,
        root_uuid=order.root_uuid,
        date=date,
    )
    # On the file system of the images, also where the tree is in memory: that has no room for both.
    raw = place.scratch.resolve() / "disk.raw"
    names = (plan.disk.format, *plan.disk.others)
    images = {name: place.directory / f"image.{name}" for name in names}
    with ThreadPoolExecutor(max_workers=1) as beside:
        software = beside.submit(image_packages.software, run_inside, seen, tree)
        assembler.write_disk(tree, raw, layout)
        progress.phase("convert")
        content = beside.submit(content_sha256, sandbox.path(raw), "raw")
        for name, image in images.items():
            assembler.convert(raw, image, image_format=name, compression=plan.disk.compression)
            settle_ids(image, name, layout.id_of(name), date)
    return Disk(images, layout.size, content.result(), date, software.result(), sizes, files)


def _logger(write: Callable[[str], object], redact: Callable[[str], str]) -> Callable[[str], None]:
    start = time.monotonic()

    def log(line: str) -> None:
        write(f"{time.monotonic() - start:8.1f} {redact(line)}\n")

    return log


def _size(content: int, plan: Plan) -> int:
    wanted = plan.disk.size_gib * GIB if plan.disk.size_gib is not None else None
    return disk_size(content, free=plan.disk.extra_mib * MIB, wanted=wanted)
