"""The manifest: everything known about one build, as versioned JSON beside the image.

Every verb reads the manifest and not memory, so that the build host, the host with KVM and the
host with the cloud's credentials may be three machines. Sections are only ever added to it.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from builder.errors import InputError
from builder.host.files import replace_text
from builder.plan.model import Plan, from_json
from builder.store.sections import (
    Adopted,
    BootRecord,
    Bytes,
    DiskFile,
    Evidence,
    FormatFile,
    ImageFile,
    Observed,
    Package,
    Published,
    SbomFile,
    Seconds,
    Section,
    Snapshot,
)

SCHEMA_VERSION: Literal[1] = 1

FILE_NAME = "manifest.json"

SIZE_LIMIT = 64 << 20
"""Bytes. One with a thousand packages and all evidence has one million."""


class Manifest(Section):
    """All of it."""

    schema_version: Literal[1] = SCHEMA_VERSION
    """Rises when a reader of an older version would misread the file."""
    build: str
    """The name of the build directory."""
    inputs: str
    """Digest of what the build was made from: the plan, the elements, the builder's versions."""
    content: str = ""
    """Digest of what of that goes into the image's file; not known of older builds."""
    ingredients: dict[str, str] = Field(default_factory=dict)
    """The same besides the plan, part by part: versions, and digests of code and elements; not
    known of older builds."""
    created: datetime
    """When the build began."""
    source_date: int | None = Field(default=None, ge=0, lt=1 << 32)
    """The time of the newest package, or that of ``SOURCE_DATE_EPOCH``: no file of the image is
    younger. Seconds since 1970; not known of older builds."""
    plan: dict[str, Any]  # Any: JSON of the plan
    """The whole plan, as ``guest-image plan --json`` prints it beside the environment."""
    image: ImageFile
    """The image file."""
    formats: tuple[FormatFile, ...] = ()
    """The same disk in further formats: what is known of the image's disk holds for theirs."""
    tools: dict[str, str]
    """The version of each program that made the image."""
    keyrings: dict[str, str] = Field(default_factory=dict)
    """The SHA-256 of each keyring that the packages' signatures were checked by, by its file."""
    snapshot: Snapshot | None = None
    """The moment that the packages are of, where they were not those of the day."""
    packages: tuple[Package, ...]
    """Every package in the image."""
    directories: dict[str, Bytes] = Field(default_factory=dict)
    """Bytes on disk of all files, by directory; not known of older builds."""
    unpackaged: dict[str, Bytes] = Field(default_factory=dict)
    """Bytes on disk of the files that belong to no package, by directory."""
    sbom: tuple[SbomFile, ...] = ()
    """The bills of materials; older builds have none."""
    timings: dict[str, Seconds]
    """Seconds per phase of the build, in their order."""
    hooks: dict[str, Seconds]
    """Seconds per diskimage-builder hook."""
    evidence: tuple[Evidence, ...] = ()
    """What every check saw, newest per check and boot."""
    boots: tuple[BootRecord, ...] = ()
    """The boots in which probes were made."""
    libguestfs: str = ""
    """The version of libguestfs that the newest inspections were made with."""
    observations: tuple[Observed, ...] = ()
    """What servers of real clouds have shown, newest per check and cloud."""
    published: tuple[Published, ...] = ()
    """Where and how the image was published, newest last."""
    adopted: Adopted | None = None
    """Only of an image that was built elsewhere: its plan has what it has evidence for."""

    @property
    def files(self) -> tuple[DiskFile, ...]:
        """Every file that has the disk: the image first."""
        return (self.image, *self.formats)

    def planned(self) -> Plan:
        """The plan that the image was built by."""
        return from_json(self.plan)

    def valid_evidence(self) -> tuple[Evidence, ...]:
        """The evidence of this very file: that of another sha256 is void."""
        return tuple(result for result in self.evidence if result.image_sha256 == self.image.sha256)

    def with_evidence(
        self, evidence: Iterable[Evidence], boots: Iterable[BootRecord] = ()
    ) -> "Manifest":
        """A copy in which new evidence takes the place of older evidence of the same check.

        What is known of an older boot goes with its evidence, whether or not there is a new record.
        """
        new, new_boots = tuple(evidence), tuple(boots)
        replaced = {(result.check, result.boot) for result in new}
        kept = tuple(
            result for result in self.evidence if (result.check, result.boot) not in replaced
        )
        names = {boot.name for boot in new_boots} | {result.boot for result in new}
        kept_boots = tuple(boot for boot in self.boots if boot.name not in names)
        return self.model_copy(update={"evidence": kept + new, "boots": kept_boots + new_boots})

    def valid_observations(self) -> tuple[Observed, ...]:
        """What was observed of this very file: that of another sha256 is void."""
        return tuple(
            result for result in self.observations if result.image_sha256 == self.image.sha256
        )

    def with_observations(self, observations: Iterable[Observed]) -> "Manifest":
        """A copy in which they take the place of older ones of the same check and cloud.

        What could not be shown, with another flavor perhaps, takes no place of what was.
        """

        def place(result: Observed) -> tuple[str, str]:
            return result.check, result.endpoint

        shown = {place(result) for result in self.valid_observations() if result.shown}
        new = [result for result in observations if result.shown or place(result) not in shown]
        replaced = {place(result) for result in new}
        kept = (result for result in self.observations if place(result) not in replaced)
        return self.model_copy(update={"observations": (*kept, *new)})

    def with_published(self, record: Published) -> "Manifest":
        """A copy that tells of a publication, unless it tells of an equal one already."""
        told = self.published_as(record.endpoint, record.image)
        if told is not None and told == record.model_copy(update={"at": told.at}):
            return self
        return self.model_copy(update={"published": (*self.published, record)})

    def published_as(self, endpoint: str, image: str) -> Published | None:
        """What was last published as this image."""
        return next(
            (
                publication
                for publication in reversed(self.published)
                if (publication.endpoint, publication.image) == (endpoint, image)
            ),
            None,
        )


def read(directory: Path) -> Manifest:
    """The manifest of a build directory.

    Raises ``InputError`` where there is none, or one that this version cannot read.
    """
    path = directory / FILE_NAME
    try:
        with path.open("rb") as file:
            content = file.read(SIZE_LIMIT + 1)
        if len(content) > SIZE_LIMIT:
            raise _unreadable(path, [f"It has more than {SIZE_LIMIT >> 20} MiB."])
        manifest = Manifest.model_validate_json(content)
        plan = manifest.planned()
    except OSError as error:
        raise InputError(
            f"{directory} is not a build directory: {FILE_NAME} cannot be read ({error.strerror}).",
            hint="Name a directory below dist/PROFILE/, or a profile that was built here.",
        ) from error
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()
        ]
        raise _unreadable(path, problems[:5]) from error
    planned = {probe.id for probe in plan.probes}
    strangers = [name for boot in plan.boots for name in boot.probes if name not in planned]
    if strangers:
        raise _unreadable(path, [f"plan.boots: no probe '{name}' is planned" for name in strangers])
    others = [
        f"formats: the disk in {file.name} is not that in {manifest.image.name}"
        for file in manifest.formats
        if file.content_sha256 != manifest.image.content_sha256
    ]
    if others:
        raise _unreadable(path, others)
    return manifest


def _unreadable(path: Path, problems: Sequence[str]) -> InputError:
    return InputError(
        f"{path} is not a manifest that this version can read.",
        details=problems,
        hint=f"It must be of schema version {SCHEMA_VERSION}; build the image again.",
    )


def write(directory: Path, manifest: Manifest) -> None:
    """Write the manifest of a build directory; a reader sees the old one or the new one."""
    replace_text(
        directory / FILE_NAME,
        json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n",
    )
