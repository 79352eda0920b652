"""What a bill of materials is made of. Pure data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

PackageFormat = Literal["deb", "rpm"]


@dataclass(frozen=True, order=True)
class Software:
    """One installed package, as its package manager tells of it; a text is empty where it does not.

    ``installed_size`` is in KiB.
    """

    name: str
    """With the architecture, ``libc6:amd64``, where dpkg says it so."""
    version: str
    architecture: str
    installed_size: int = 0
    source: str = ""
    """The source package that it was built from."""
    source_version: str = ""
    supplier: str = ""
    """Debian's maintainer, ``Name <address>``; the vendor of an RPM."""
    licences: tuple[str, ...] = ()
    """As the image has them: in Debian's words, or in RPM's."""

    @property
    def plain_name(self) -> str:
        """The name without an architecture."""
        return self.name.partition(":")[0]


@dataclass(frozen=True, order=True)
class LooseFile:
    """A regular file that belongs to no package. Digests are in hex."""

    path: str
    sha1: str
    """SPDX wants it of every file."""
    sha256: str


@dataclass(frozen=True)
class Contents:
    """What is in an image."""

    package_format: PackageFormat
    packages: tuple[Software, ...]
    files: tuple[LooseFile, ...]
    """Those that belong to no package."""
    gaps: tuple[str, ...] = ()
    """What could not be read, and is missing for that; a sentence each."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The image that the bill is about."""

    profile: str
    build: str
    created: datetime
    """When the build began: documents of one build are the same whenever they are written."""
    file: str
    sha256: str
    sha512: str
    os_distro: str
    os_version: str
    program_version: str
    """Of this program, which has written the document."""
