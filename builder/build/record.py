"""What is written beside a finished image: checksums, bills of materials, manifest."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from builder.build.order import Order
from builder.build.packages import Sizes
from builder.distribution import Distribution
from builder.host.files import replace_text, sha256_of
from builder.host.process import run
from builder.plan.model import to_json
from builder.profile.model import DiskFormat
from builder.sbom.facts import Contents, LooseFile, Software
from builder.sbom.write import packages_of, subject_of, write_bills
from builder.store import build_directory, manifest
from builder.store.build_directory import CHECKSUMS
from builder.store.disk_files import checksums, format_files, image_file
from builder.store.manifest import Manifest
from builder.terminal.progress import Progress


@dataclass(frozen=True)
class Disk:
    """A finished disk, and what went into it."""

    images: Mapping[DiskFormat, Path]
    """Its file in each format."""
    virtual_size: int
    content: str
    """SHA-256 of the disk itself."""
    date: int
    """The time that its files have at most: seconds since 1970."""
    software: tuple[Software, ...]
    sizes: Sizes
    files: tuple[LooseFile, ...]
    """Those that belong to no package."""


def write_record(
    place: build_directory.Workplace,
    order: Order,
    disk: Disk,
    created: datetime,
    hooks: Mapping[str, float],
    progress: Progress,
) -> None:
    """Write the checksums, the bills of materials and the manifest of a finished image."""
    plan = order.plan
    progress.phase("checksums")
    proven = plan.disk.format
    image = image_file(disk.images[proven], proven, disk.virtual_size, content=disk.content)
    formats = format_files(image, {name: disk.images[name] for name in plan.disk.others})
    replace_text(place.directory / CHECKSUMS, checksums((image, *formats)))
    contents = Contents(plan.distribution.package_format or "deb", disk.software, disk.files)
    build = Manifest(
        build=place.name,
        inputs=order.inputs,
        content=order.content,
        ingredients=dict(order.parts),
        created=created,
        source_date=disk.date,
        plan=order.hidden.redact_json(to_json(plan)),
        image=image,
        formats=formats,
        tools=tool_versions(plan.distribution.tools),
        keyrings=keyring_digests(plan.distribution),
        snapshot=order.snapshot,
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
