"""The manifest: everything known about one build, as versioned JSON beside the image.

Every verb reads the manifest and not memory, so that the build host, the host with KVM and the
host with the cloud's credentials may be three machines. Sections are only ever added to it.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from builder.errors import InputError
from builder.feature import Outcome
from builder.host.files import replace_text
from builder.plan.model import Plan, from_json
from builder.profile.model import DiskFormat, ProvableFormat

SCHEMA_VERSION: Literal[1] = 1

FILE_NAME = "manifest.json"

SIZE_LIMIT = 64 << 20
"""Bytes. One with a thousand packages and all evidence has one million."""


class _Section(BaseModel):
    # What a later version has added stays when this one rewrites the file.
    model_config = ConfigDict(frozen=True, extra="allow")


FileName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=128)
]
"""The name of a file beside the manifest: a manifest from elsewhere must not name another one."""


BootName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]
"""Stands in the names of logs."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Bytes = Annotated[int, Field(ge=0, lt=1 << 63)]


class DiskFile(_Section):
    """A file with the disk in it. Sizes are in bytes."""

    name: FileName
    format: DiskFormat
    size: Bytes
    virtual_size: Bytes
    sha256: str
    sha512: str
    content_sha256: str = ""
    """Of the disk in it, as a raw file would have it; not known of older builds."""


class ImageFile(DiskFile):
    """The image file: that which is proven."""

    format: ProvableFormat


class FormatFile(DiskFile):
    """The same disk in a file of another format."""

    content_sha256: Sha256


class Package(_Section):
    """One installed package; ``installed_size`` is in KiB, as the package manager says it."""

    name: str
    version: str
    architecture: str
    installed_size: Bytes


class SbomFile(_Section):
    """A software bill of materials beside the image."""

    format: Literal["CycloneDX", "SPDX"]
    name: FileName
    sha256: Sha256
    """Of this file."""


class SuiteRelease(_Section):
    """A suite of an archive, by its signed release file."""

    date: datetime
    """When it was made, as it says."""
    sha256: Sha256
    """Of the file."""


class Snapshot(_Section):
    """The moment of an archive that a build took its packages from."""

    at: datetime
    """As it was asked for."""
    suites: dict[str, SuiteRelease]
    """What the archive had then."""


class Evidence(_Section):
    """The recorded outcome of one check, with what was seen."""

    check: str
    """``FEATURE/CHECK``, as in the plan."""
    kind: Literal["inspection", "probe"]
    """Whether it looked at the disk at rest or at a running guest."""
    title: str
    """What the check says when it passes."""
    outcome: Outcome
    """How it ended."""
    seen: str
    """What the check saw; the cause where it failed, the reason where it was skipped."""
    image_sha256: str
    """The file that was checked; for another file the evidence is void."""
    boot: BootName | None = None
    """Which of the plan's boots a probe was made in."""
    at: datetime
    """When the check began."""
    seconds: Seconds
    """How long it took."""


class BootRecord(_Section):
    """One boot of the image: what it ran on and how long it took, in seconds."""

    name: BootName
    """As the plan calls it."""
    accelerator: str
    """``kvm`` or ``tcg`` (emulation)."""
    until_ssh: Seconds
    """Seconds from power-on to the default user's login."""
    probes: Seconds
    """Seconds that all its probes took."""
    image_sha256: str
    """The file that was booted."""
    qemu: str = ""
    """The version of QEMU."""
    firmware: str = ""
    """Vendor and version of the firmware, as the guest sees them."""
    at: datetime | None = None
    """When it began; not known of older boots."""
    kernel: str = ""
    """The release of the guest's kernel; not known of older boots, nor without a login."""
    command_line: str = ""
    """What the boot loader told the kernel; known where the kernel's release is."""


class PublishedData(_Section):
    """The data of a published image, where that is not the file of the manifest's ``image``."""

    sent_as: str
    """The format that was sent, by Glance's name."""
    disk_format: str
    """The format that the cloud has."""
    size: Bytes
    """Of that."""
    hashes: dict[str, str]
    """Of that, in hex, by Glance's names of the algorithms."""

    @property
    def converted(self) -> bool:
        """Whether the cloud has made another format of what it was sent."""
        return self.disk_format != self.sent_as


class Published(_Section):
    """The image as it was published in one cloud."""

    cloud: str
    """The cloud's name in ``clouds.yaml``."""
    endpoint: str
    """Where its Glance is."""
    project: str
    """The id of the project that has the image."""
    image: str
    """The image's id."""
    name: str
    """Its public name."""
    visibility: str
    """Who sees it, in Glance's words."""
    members: tuple[str, ...]
    """The projects that it is shared with."""
    protected: bool
    """Whether it could not be deleted while it had the public name."""
    tags: tuple[str, ...]
    """Its tags."""
    min_disk: int
    """The least disk of a flavor, in GiB."""
    min_ram: int
    """The least memory of a flavor, in MiB."""
    properties: dict[str, str]
    """Its properties."""
    data: PublishedData | None = None
    """Its data, where that is not the image's own file."""
    on_inspection: tuple[str, ...]
    """Properties that were allowed without the probe that they need (``--allow present``)."""
    dropped: tuple[str, ...]
    """Properties that it does not have for want of proof (``--drop-unproven``)."""
    unchecked: tuple[str, ...] = ()
    """Probes that were let through without a result (``--allow present``)."""
    at: datetime
    """When it was published so."""


class Observed(_Section):
    """What one server on a real Nova has shown of the image."""

    check: str
    """The name of the observation."""
    title: str
    """What it says when it passes."""
    properties: tuple[str, ...]
    """The claims that it is about, by their properties; without any it is about the cloud."""
    refutes: bool = False
    """Whether it can only take these claims back."""
    outcome: Outcome
    """How it ended; what a cloud cannot show is skipped."""
    seen: str
    """What was seen; the cause where it failed, the reason where it was skipped."""
    cloud: str
    """The cloud's name in ``clouds.yaml``."""
    endpoint: str
    """Where its Glance is."""
    image: str
    """The image's id there."""
    flavor: str
    """The name of the server's flavor."""
    image_sha256: str
    """The file that the cloud's image is of; for another file it is void."""
    at: datetime
    """When the server was asked for."""

    @property
    def shown(self) -> bool:
        """Whether it says anything of the image."""
        return self.outcome in {Outcome.PASSED, Outcome.FAILED}


class UnprovenClaim(_Section):
    """A claim that an adopted image has no evidence for."""

    property: str
    value: str
    """Empty where the disk does not tell it."""
    owner: str
    """The feature that would claim it."""
    reason: str
    """Which checks failed and what they saw, or what kept them from being made."""
    checks: tuple[str, ...]
    """Those that failed, by their ids."""


class Adopted(_Section):
    """Where an image that was built elsewhere comes from, and what could not be shown of it."""

    source: str
    """The file, as it was named."""
    lacking: tuple[UnprovenClaim, ...]
    limits: tuple[str, ...]
    """What kept whole kinds of checks from being made, one sentence each."""


class Manifest(_Section):
    """All of it."""

    schema_version: Literal[1] = SCHEMA_VERSION
    """Rises when a reader of an older version would misread the file."""
    build: str
    """The name of the build directory."""
    inputs: str
    """Digest of what the build was made from: the plan, the elements, the builder's versions."""
    content: str = ""
    """Digest of what of that goes into the image's file; not known of older builds."""
    ingredients: dict[str, str] = {}
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
    keyrings: dict[str, str] = {}
    """The SHA-256 of each keyring that the packages' signatures were checked by, by its file."""
    snapshot: Snapshot | None = None
    """The moment that the packages are of, where they were not those of the day."""
    packages: tuple[Package, ...]
    """Every package in the image."""
    directories: dict[str, Bytes] = {}
    """Bytes on disk of all files, by directory; not known of older builds."""
    unpackaged: dict[str, Bytes] = {}
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
