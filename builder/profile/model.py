"""The profile: what an image is made of, as a YAML file says it.

Rules of a profile, for its readers and its editors: a key without a value means its default; a
profile that ``extends`` another is laid over it (mappings merge, lists add up, a key without a
value takes the inherited one away); a feature is removed with ``false``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, ValidationInfo, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

from builder.architecture import X86_64, Name
from builder.distribution import DISTRIBUTIONS, Distribution, Initramfs
from builder.feature import Parameters
from builder.profile.forms import Moment, PackageName, Section
from builder.profile.mirrors import Mirrors
from builder.profile.publication import Publication
from builder.profile.snapshot import no_snapshot_reason
from builder.scs.purpose import GENERIC
from builder.scs.sources import vendor_sources
from builder.words import enumeration

SUFFIXES = (".yaml", ".yml")
NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""A profile's name is the name of a directory, and of an image in Glance."""


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    if not line.isprintable():
        raise PydanticCustomError("form", "{reason}", {"reason": "has unprintable characters"})
    return line


def _known_distribution(name: str) -> str:
    if name not in DISTRIBUTIONS:
        expected = enumeration(f"'{distribution}'" for distribution in DISTRIBUTIONS)
        raise PydanticCustomError("literal_error", "unknown", {"expected": expected})
    return name


DistributionName = Annotated[
    str,
    AfterValidator(_known_distribution),
    WithJsonSchema({"type": "string", "enum": list(DISTRIBUTIONS)}),
]


ProvableFormat = Literal["qcow2", "raw"]
"""What a guest is booted from here as it is in a cloud."""

_PROVABLE = frozenset(get_args(ProvableFormat))

DiskFormat = Literal["qcow2", "raw", "vmdk", "vhd", "vhdx"]
"""As Glance calls them."""


def _default_format(data: dict[str, Any]) -> ProvableFormat:  # Any: pydantic's type
    return next((name for name in data.get("formats", ()) if name in _PROVABLE), "qcow2")


def _default_compression(data: dict[str, Any]) -> Literal["zstd", "none"]:  # Any: pydantic's type
    return "zstd" if "qcow2" in {data.get("format"), *data.get("formats", ())} else "none"


def _default_extra(data: dict[str, Any]) -> int:  # Any: pydantic's type
    return 256 if data.get("size_gib") is None else 0


class Disk(Section):
    """The image's file, and the room that the disk in it has."""

    formats: tuple[DiskFormat, ...] = Field(
        default=(),
        description="All formats that the disk is written in; by default 'format' alone. vmdk, vhd"
        " and vhdx are for other clouds.",
    )
    format: ProvableFormat = Field(
        default_factory=_default_format,
        description="The format of the file that is proven; by default the first of 'formats' that"
        " can be, else qcow2.",
    )
    compression: Literal["zstd", "zlib", "none"] = Field(
        default_factory=_default_compression,
        description="How a qcow2 is compressed, zstd by default; zlib for readers before QEMU 5.1.",
    )
    size_gib: int | None = Field(
        default=None,
        ge=1,
        le=65536,
        description="The disk's size in GiB; by default as small as its content allows.",
    )
    extra_mib: int = Field(
        default_factory=_default_extra,
        ge=0,
        le=1024 * 1024,
        description="Free space of the root file system in MiB, 256 by default; not beside"
        " size_gib.",
    )

    @property
    def others(self) -> tuple[DiskFormat, ...]:
        """The formats besides that which is proven."""
        return tuple(name for name in self.formats if name != self.format)

    @field_validator("formats")
    @classmethod
    def with_a_provable_one(cls, formats: tuple[DiskFormat, ...]) -> tuple[DiskFormat, ...]:
        """Each once: a list adds to that of the profile which it extends."""
        if formats and not _PROVABLE & {*formats}:
            raise ValueError(
                "none of them can be proven: guests are booted from qcow2 or raw.\n"
                "Add one of the two; the others are made of the same disk."
            )
        return tuple(dict.fromkeys(formats))

    @field_validator("format")
    @classmethod
    def one_of_all(cls, image_format: str, info: ValidationInfo) -> str:
        """What is proven is one of the files."""
        formats = info.data.get("formats")
        if formats and image_format not in formats:
            raise ValueError(
                f"it is not among 'formats': {', '.join(formats)}.\n"
                f"Add '{image_format}' to them, or remove 'format' (in a profile that extends"
                " another:\nleave its value empty)."
            )
        return image_format

    @field_validator("compression")
    @classmethod
    def only_qcow2(cls, compression: str, info: ValidationInfo) -> str:
        """A raw image has no compression of its own."""
        named = {info.data.get("format"), *info.data.get("formats", ())} - {None}
        if named and "qcow2" not in named and compression != "none":
            raise ValueError(
                "a raw image cannot be compressed.\n"
                "Remove 'compression' (in a profile that extends another: leave its value empty),\n"
                "or write 'format: qcow2'."
            )
        return compression

    @field_validator("extra_mib")
    @classmethod
    def only_without_size(cls, extra_mib: int, info: ValidationInfo) -> int:
        """The disk's size leaves nothing to choose."""
        if info.data.get("size_gib") is not None and extra_mib:
            raise ValueError(
                "it has no meaning beside 'size_gib', which fixes the disk's size.\n"
                "Keep one of the two."
            )
        return extra_mib


InitrdDrivers = Literal["virtual", "all"]


class Document(Section):
    """A guest image: its distribution, its disk and its features."""

    extends: str | None = Field(
        default=None,
        description="The profile that this one is laid over: a shipped profile's name, or a path"
        " relative to this file.",
    )
    description: Annotated[str, AfterValidator(_one_line)] = Field(
        default="", description="What the image is for, in one sentence."
    )
    distribution: DistributionName = Field(description="The distribution and its release.")
    architecture: Name = Field(
        default=X86_64.name,
        description="The processors that the image is for, as Glance calls them: x86_64 by default"
        " (Debian's amd64), or aarch64 (arm64).",
    )
    initramfs: Initramfs | None = Field(
        default=None,
        description="What makes the initial RAM disk; by default the distribution's own.",
    )
    initrd_drivers: InitrdDrivers = Field(
        default="virtual",
        description="The drivers of the initial RAM disk: those of virtual machines, or 'all' for"
        " an image that is to start on real machines, too.",
    )
    disk: Disk = Disk()
    mirrors: Mirrors = Mirrors()
    snapshot: Moment | None = Field(
        default=None,
        description="The moment that the packages are of: a day (its beginning) or a time, in UTC."
        " They come from mirrors.snapshot then.",
    )
    packages: tuple[PackageName, ...] = Field(
        default=(), description="Packages to install beside those of the features."
    )
    features: dict[str, Any] = Field(  # Any: each feature validates its own parameters
        default_factory=dict,
        description="The guest's abilities, each with its parameters, or with nothing for its"
        " defaults, or with false to remove an inherited one.",
    )
    publish: Publication = Publication()

    @field_validator("mirrors")
    @classmethod
    def only_its_kinds(cls, mirrors: Mirrors, info: ValidationInfo) -> Mirrors:
        """Refuse a mirror that the distribution's elements would not look at."""
        distribution = DISTRIBUTIONS.get(info.data.get("distribution", ""))
        named = mirrors.security or mirrors.in_image.security or mirrors.snapshot.security
        if distribution and named and "security" not in distribution.mirrors:
            raise ValueError(
                f"{distribution.name} has no mirror of its own for security updates:\n"
                "its archive has them. Write 'archive' only."
            )
        return mirrors

    @field_validator("snapshot")
    @classmethod
    def where_there_are_any(cls, snapshot: str | None, info: ValidationInfo) -> str | None:
        """Refuse a moment of an archive that is not asked for its past."""
        distribution = DISTRIBUTIONS.get(info.data.get("distribution", ""))
        if snapshot and distribution and (reason := no_snapshot_reason(distribution)):
            raise ValueError(f"{reason}\nRemove it, or leave its value empty.")
        return snapshot

    @field_validator("architecture")
    @classmethod
    def made_for_it(cls, architecture: Name, info: ValidationInfo) -> Name:
        """Refuse what no image of the distribution is made for."""
        distribution = DISTRIBUTIONS.get(info.data.get("distribution", ""))
        if distribution and architecture not in distribution.architectures:
            choices = enumeration(f"'{choice}'" for choice in distribution.architectures)
            raise ValueError(
                f"images of {distribution.name} are not made for {architecture}.\n"
                f"Write {choices}, or leave the value empty."
            )
        return architecture

    @field_validator("initramfs")
    @classmethod
    def of_the_distribution(
        cls, initramfs: Initramfs | None, info: ValidationInfo
    ) -> Initramfs | None:
        """Refuse what the distribution does not have."""
        distribution = DISTRIBUTIONS.get(info.data.get("distribution", ""))
        if initramfs and distribution and initramfs not in distribution.initramfs_choices:
            choices = enumeration(f"'{choice}'" for choice in distribution.initramfs_choices)
            raise ValueError(
                f"images of {distribution.name} are not made with {initramfs}.\n"
                f"Write {choices}, or leave the value empty."
            )
        return initramfs

    @field_validator("publish")
    @classmethod
    def generic_from_its_vendor(cls, publish: Publication, info: ValidationInfo) -> Publication:
        """Refuse to call an image generic that the standard wants from the vendor."""
        distribution = DISTRIBUTIONS.get(info.data.get("distribution", ""))
        if distribution is not None and publish.os_purpose == GENERIC:
            sources = vendor_sources(distribution.os_distro, distribution.os_version)
            if sources is not None and not sources.have(publish.image_source):
                raise ValueError(
                    f"a generic image of {distribution.name} is the vendor's (SCS-0104):\n"
                    f"its 'image_source' begins with {sources}\n"
                    "Write 'os_purpose: custom', or minimal."
                )
        return publish

    def resolved(self) -> Distribution:
        """The distribution, with the ``architecture`` and ``initramfs`` that are asked for."""
        distribution = DISTRIBUTIONS[self.distribution]
        return replace(
            distribution,
            architecture=self.architecture,
            initramfs=self.initramfs or distribution.initramfs,
        )


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A profile that is valid, with everything that it extends."""

    name: str
    description: str
    distribution: Distribution
    """With the profile's ``architecture`` and ``initramfs``."""
    initrd_drivers: InitrdDrivers
    disk: Disk
    mirrors: Mirrors
    snapshot: datetime | None
    """The moment that the packages are of, where they are not to be today's."""
    packages: tuple[str, ...]
    features: Mapping[str, Parameters]
    """Parameters by the feature's name, in the order of the file."""
    publish: Publication
