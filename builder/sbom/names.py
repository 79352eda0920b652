"""How bills of materials call things: package URLs, suppliers, the document itself."""

import re
import uuid
from dataclasses import dataclass

from packageurl import PackageURL

from builder.sbom.facts import PackageFormat, Software, Subject

_CONTACT = re.compile(r"([^<>]*)<([^<>]*)>")
_EMAIL = re.compile(r"[^\s@/:]+@[^\s@/:]+")
_GROUP = re.compile(
    r"\b(team|maintainers?|developers?|group|project|packagers?|task force|inc|llc|foundation)\b",
    re.IGNORECASE,
)
_NAMESPACE = uuid.UUID("5f1d6c0e-4e0c-5c39-9a3b-0d4b8d1f7a52")
"""Of this program's documents: a random UUID, once and for all."""


@dataclass(frozen=True)
class Supplier:
    """Who supplies a package."""

    name: str
    email: str
    """Empty for none, and for what is none: some packages have an address of the web there."""
    group: bool
    """Whether the name says that it is more than one person."""


def document_id(subject: Subject) -> uuid.UUID:
    """The document's UUID: the same for the same file of equal builds."""
    return uuid.uuid5(_NAMESPACE, f"{subject.version} {subject.sha256}")


def timestamp(subject: Subject) -> str:
    """The time of what the build was made from, as both formats write it."""
    return f"{subject.created:%Y-%m-%dT%H:%M:%SZ}"


def package_url(software: Software, kind: PackageFormat, subject: Subject) -> str:
    """The package URL (purl) of an installed package."""
    return _url(
        software.plain_name, software.version, software.architecture, kind=kind, subject=subject
    )


def source_url(software: Software, kind: PackageFormat, subject: Subject) -> str:
    """The package URL of the source that a package was built from."""
    arch = "source" if kind == "deb" else "src"
    return _url(software.source, software.source_version, arch, kind=kind, subject=subject)


def _url(name: str, version: str, arch: str, *, kind: PackageFormat, subject: Subject) -> str:
    """By the purl types "deb" and "rpm"; of an RPM the epoch is a qualifier."""
    epoch, colon, rest = version.partition(":")
    apart = kind == "rpm" and bool(colon)
    distro = "-".join(filter(None, (subject.os_distro, subject.os_version)))
    qualifiers = {"arch": arch, "distro": distro, "epoch": epoch if apart else ""}
    return PackageURL(
        type=kind,
        namespace=subject.os_distro or None,
        name=name,
        version=rest if apart else version,
        qualifiers={key: value for key, value in qualifiers.items() if value},
    ).to_string()


def supplier_of(software: Software) -> Supplier | None:
    """Who supplies it; None where the package does not tell."""
    if not software.supplier:
        return None
    contact = _CONTACT.fullmatch(software.supplier.strip())
    name, email = contact.groups() if contact else (software.supplier, "")
    return Supplier(
        name=name.strip() or email.strip(),
        email=email.strip() if _EMAIL.fullmatch(email.strip()) else "",
        group=bool(_GROUP.search(name)),
    )
