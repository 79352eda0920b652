"""What a bill of materials is made of. Pure data.

A process that reads a stranger's disk hands it over as JSON: what it may be then is said here.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

PackageFormat = Literal["deb", "rpm"]

_NAME = r"[A-Za-z0-9][A-Za-z0-9+.:_-]*"
Name = Annotated[str, StringConstraints(pattern=f"^{_NAME}$", max_length=256)]
"""What a package may be called by dpkg, rpm, and in a package URL."""
NoName = Annotated[str, StringConstraints(pattern=f"^({_NAME})?$", max_length=256)]
Word = Annotated[str, StringConstraints(pattern=r"^[!-~]*$", max_length=256)]
"""Of a version or an architecture."""
Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]*$", max_length=128)]


@dataclass(frozen=True, order=True)
class Software:
    """One installed package, as its package manager tells of it; a text is empty where it does not.

    ``installed_size`` is in KiB.
    """

    name: Name
    """With the architecture, ``libc6:amd64``, where dpkg says it so."""
    version: Word
    architecture: Word
    installed_size: Annotated[int, Field(ge=0, lt=1 << 63)] = 0
    source: NoName = ""
    """The source package that it was built from."""
    source_version: Word = ""
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
    sha1: Hex
    """SPDX wants it of every file."""
    sha256: Hex


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
    version: str
    """A time and a digest of what the image was made from."""
    created: datetime
    """The time of what the image was made from, as far as it is known; else when it was made."""
    snapshot: datetime | None = None
    """The moment of the archive that its packages are of, where not of the day."""
    file: str
    sha256: str
    sha512: str
    os_distro: str
    os_version: str
    program_version: str
    """Of this program, which has written the document."""
