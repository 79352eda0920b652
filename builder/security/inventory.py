"""What an image has, as trackers of vulnerabilities name it: source packages. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from builder.distribution import Distribution
from builder.sbom.facts import Software

_SIGNED = re.compile(r"(?:grub-efi|shim-helpers|fwupd)-[a-z0-9]+-signed")
_SIGNED_SOURCES = {"grub-efi": "grub2", "shim-helpers": "shim", "fwupd": "fwupd"}
_SIGNED_KERNEL = re.compile(r"linux-signed(?:-(?:amd64|arm64|i386)|(-[a-z0-9.-]+))?")
"""Debian's have an architecture in their name; Ubuntu's the flavour whose source they are of."""
_SIGNED_VERSION = re.compile(r"[0-9]+\+(.+)")


@dataclass(frozen=True)
class Source:
    """A source package in a version, and the installed packages that were built from it."""

    name: str
    version: str
    packages: tuple[tuple[str, str], ...]
    """Name and version of each."""


@dataclass(frozen=True)
class Inventory:
    """The sources of an image."""

    distribution: Distribution
    sha256: str
    """Of the image's file."""
    sources: Mapping[str, tuple[Source, ...]]
    """By name; of a kernel's there may be several versions."""


def inventory(software: Iterable[Software], distribution: Distribution, sha256: str) -> Inventory:
    """The sources of installed packages."""
    source_of = rpm_source if distribution.package_format == "rpm" else tracked_source
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for package in software:
        told = source_of(package)
        found.setdefault(told, []).append((package.plain_name, package.version))
    sources: dict[str, tuple[Source, ...]] = {}
    for (name, version), packages in sorted(found.items()):
        source = Source(name, version, tuple(sorted(packages)))
        sources[name] = (*sources.get(name, ()), source)
    return Inventory(distribution, sha256, sources)


def rpm_source(package: Software) -> tuple[str, str]:
    """Name and version of an RPM's source, with the epoch that the package says it has.

    The name of a source's file, which is all that an RPM tells of it, has none.
    """
    epoch, colon, version = package.version.rpartition(":")
    name = package.source or package.plain_name
    return name, f"{epoch}{colon}{package.source_version or version}"


def tracked_source(package: Software) -> tuple[str, str]:
    """Name and version of the source of a Debian package that a tracker knows.

    Signed packages are built from sources of their own, which no tracker knows. As Debian's
    code signing makes them (salsa.debian.org/ftp-team/code-signing), signed kernels have the
    version of the unsigned ones, and of the others ``1+2.06+13`` stands for ``2.06-13``.
    """
    name = package.source or package.plain_name
    version = package.source_version or package.version
    if match := _SIGNED_KERNEL.fullmatch(name):
        return f"linux{match[1] or ''}", package.version
    if _SIGNED.fullmatch(name) and (match := _SIGNED_VERSION.fullmatch(version)):
        kind = next(kind for kind in _SIGNED_SOURCES if name.startswith(kind))
        return _SIGNED_SOURCES[kind], match[1].replace("+", "-", 1)
    return name, version
