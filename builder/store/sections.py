"""What a manifest is made of, part by part: files, packages, evidence, boots, publications.

Sections, and what is in them, are only ever added to.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from builder.feature import Outcome
from builder.profile.model import DiskFormat, ProvableFormat


class Section(BaseModel):
    """One part of a manifest."""

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


class DiskFile(Section):
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


class Package(Section):
    """One installed package; ``installed_size`` is in KiB, as the package manager says it."""

    name: str
    version: str
    architecture: str
    installed_size: Bytes


class SbomFile(Section):
    """A software bill of materials beside the image."""

    format: Literal["CycloneDX", "SPDX"]
    name: FileName
    sha256: Sha256
    """Of this file."""


class SuiteRelease(Section):
    """A suite of an archive, by its signed release file."""

    date: datetime
    """When it was made, as it says."""
    sha256: Sha256
    """Of the file."""


class Snapshot(Section):
    """The moment of an archive that a build took its packages from."""

    at: datetime
    """As it was asked for."""
    suites: dict[str, SuiteRelease]
    """What the archive had then."""


class Evidence(Section):
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


class BootRecord(Section):
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


class PublishedData(Section):
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


class Published(Section):
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


class Observed(Section):
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


class UnprovenClaim(Section):
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


class Adopted(Section):
    """Where an image that was built elsewhere comes from, and what could not be shown of it."""

    source: str
    """The file, as it was named."""
    lacking: tuple[UnprovenClaim, ...]
    limits: tuple[str, ...]
    """What kept whole kinds of checks from being made, one sentence each."""
