"""The bills of materials of a build, written beside its image."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from builder.host.files import replace_text
from builder.plan.model import Plan
from builder.sbom.cyclonedx import cyclonedx, cyclonedx_of
from builder.sbom.facts import Contents, Subject
from builder.sbom.spdx import spdx, spdx_of
from builder.store.build_directory import build_name
from builder.store.manifest import Manifest
from builder.store.sections import Package, SbomFile

CYCLONEDX = "sbom.cdx.json"
SPDX = "sbom.spdx.json"
"""Names that the formats' own tools know them by."""


def subject_of(build: Manifest, plan: Plan) -> Subject:
    """What the bill of a build is about: the same for equal builds, whenever they were made."""
    created, version_ = build.created, build.build
    if build.source_date is not None:
        created = datetime.fromtimestamp(build.source_date, UTC)
        version_ = build_name(created, build.inputs)
    return Subject(
        profile=plan.profile,
        version=version_,
        created=created,
        snapshot=build.snapshot.at if build.snapshot else None,
        file=build.image.name,
        sha256=build.image.sha256,
        sha512=build.image.sha512,
        os_distro=plan.distribution.os_distro,
        os_version=plan.distribution.os_version,
        program_version=version("guest-image-builder"),
    )


def packages_of(contents: Contents) -> tuple[Package, ...]:
    """What the manifest says of the packages."""
    return tuple(
        Package(
            name=software.name,
            version=software.version,
            architecture=software.architecture,
            installed_size=software.installed_size,
        )
        for software in contents.packages
    )


def write_bills(directory: Path, subject: Subject, contents: Contents) -> tuple[SbomFile, ...]:
    """Write both documents, and return what the manifest says of them.

    Equal arguments give equal bytes. Raises ``OSError``.
    """
    return (
        _written(directory, "CycloneDX", CYCLONEDX, cyclonedx(subject, contents)),
        _written(directory, "SPDX", SPDX, spdx(subject, contents)),
    )


def copy_bills(build: Path, directory: Path, subject: Subject) -> tuple[SbomFile, ...]:
    """Write the documents of a build as those of another image with the same contents.

    The bytes are those that ``write_bills`` would write. Raises ``OSError``, and ``ValueError``
    or ``KeyError`` where one is no such document.
    """
    kept = {name: json.loads((build / name).read_text()) for name in (CYCLONEDX, SPDX)}
    return (
        _written(directory, "CycloneDX", CYCLONEDX, cyclonedx_of(kept[CYCLONEDX], subject)),
        _written(directory, "SPDX", SPDX, spdx_of(kept[SPDX], subject)),
    )


def _written(
    directory: Path,
    kind: Literal["CycloneDX", "SPDX"],
    name: str,
    document: Mapping[str, object],
) -> SbomFile:
    text = f"{json.dumps(document, indent=1)}\n"
    replace_text(directory / name, text)
    return SbomFile(format=kind, name=name, sha256=hashlib.sha256(text.encode()).hexdigest())
