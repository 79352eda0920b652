"""An image as Glance has it, and an image as it is to be. Pure data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

BUILD = "guest_image_build"
"""The name of the build that the image is of."""
PROFILE = "guest_image_profile"
NAME = "guest_image_name"
"""The public name that it was published under; when it is replaced, its name is another."""
SHA256 = "guest_image_sha256"
"""The file that the evidence is about."""
OBSERVED = "guest_image_observed"
"""The claims that a server of a real Nova has shown, by their properties, with commas between."""
SBOM = "guest_image_sbom"
"""The SHA-256 of each bill of materials, as ``FILE:DIGEST`` with commas between."""
IDENTITY = "guest_image_id"
"""The image's own id: Nova gives a snapshot of a server every property of the server's image."""
PUBLISHER = "guest_image_publisher"
"""The process that uploads or checks a draft; a published image has none."""
REPLACED_BY = "guest_image_replaced_by"
"""The id of the image that takes the public name, from the moment that this one is hidden."""
REPLACED_AT = "guest_image_replaced_at"
"""When that was, by the cloud's clock."""

WITHDRAWN = "guest_image_withdrawn"
"""Whether it was replaced by a rollback, which comes back to it no more."""

NOTES = (IDENTITY, PUBLISHER, REPLACED_BY, REPLACED_AT, WITHDRAWN)
"""What belongs to one image and its life; the other properties are as they were published."""

ACTIVE = "active"


@dataclass(frozen=True, kw_only=True)
class CloudImage:
    """An image in Glance. Sizes are in bytes, ``min_disk`` in GiB, ``min_ram`` in MiB."""

    id: str
    name: str
    status: str
    hidden: bool
    visibility: str
    protected: bool
    owner: str
    created: datetime
    updated: datetime
    size: int | None
    hash_algorithm: str
    hash_value: str
    disk_format: str
    container_format: str
    min_disk: int
    min_ram: int
    tags: frozenset[str]
    properties: Mapping[str, str]
    """Everything else; Glance knows texts only."""
    stores: str = ""

    @property
    def profile(self) -> str:
        """The profile that it was published of, or the empty string where it was not."""
        return self._note(PROFILE)

    @property
    def build(self) -> str:
        """The build that it is of, or the empty string."""
        return self._note(BUILD)

    @property
    def public_name(self) -> str:
        """The name that it was published under, or the empty string."""
        return self._note(NAME)

    @property
    def draft(self) -> bool:
        """Whether it is to be published or deleted: somebody is at work on it, or was killed."""
        return bool(self._note(PUBLISHER))

    def _note(self, name: str) -> str:
        """A property of this program's, where the image is one of its own and no snapshot."""
        return self.properties.get(name, "") if self.properties.get(IDENTITY) == self.id else ""

    @property
    def published(self) -> bool:
        """Whether this program has made it answer to a public name, now or earlier."""
        return bool(self.profile) and not self.draft


@dataclass(frozen=True, kw_only=True)
class Data:
    """The data of an image: what is sent, or what a cloud has."""

    disk_format: str
    size: int
    """Bytes."""
    hashes: Mapping[str, str]
    """In hex, by Glance's names of the algorithms."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An image as it is to be published."""

    profile: str
    build: str
    name: str
    """The public name."""
    data: Data
    min_disk: int
    min_ram: int
    visibility: str
    members: tuple[str, ...]
    protected: bool
    tags: frozenset[str]
    properties: Mapping[str, str]
    content_sha256: str = ""
    """Of the disk in the data, in whatever format; empty where nobody knows it."""
    virtual_size: int = 0
    """Bytes of that disk."""
