"""The bill as an SPDX 2.3 document (ISO/IEC 5962 is its version 2.2.1). Pure."""

import re
from datetime import datetime
from typing import Any

from builder.profile.snapshot import told
from builder.sbom.facts import Contents, LooseFile, Software, Subject
from builder.sbom.licences import Licence, licence_of
from builder.sbom.names import document_id, package_url, source_url, supplier_of, timestamp

_DOCUMENT = "SPDXRef-DOCUMENT"
_IMAGE = "SPDXRef-Image"
_UNKNOWN = "NOASSERTION"
_NOT_IN_ID = re.compile(r"[^A-Za-z0-9.]+")

Json = dict[str, Any]  # Any: JSON


def spdx(subject: Subject, contents: Contents) -> Json:
    """The document: the image, its packages with their sources, and files of no package."""
    ids = _Ids()
    packages, sources, relations, licences = _packages(subject, contents, ids)
    files = [_file(ids.of(f"File-{file.path}"), file) for file in sorted(contents.files)]
    # Sources are not in the image; and what is must not be said to contain files, unless every one
    # of them is listed (clause 7.8). So both are what the document describes besides.
    besides = [each["SPDXID"] for each in (*sources, *files)]
    relations += [_relation(_DOCUMENT, "DESCRIBES", each) for each in besides]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": _DOCUMENT,
        "name": f"{subject.profile} {subject.version}",
        "documentNamespace": f"urn:uuid:{document_id(subject)}",
        "creationInfo": {
            "created": timestamp(subject),
            "creators": [f"Tool: guest-image-builder-{subject.program_version}"],
        },
        **({"comment": " ".join(contents.gaps)} if contents.gaps else {}),
        "packages": [_image(subject), *packages, *sources],
        "files": files,
        "hasExtractedLicensingInfos": [
            _extracted(reference, name) for reference, name in sorted(licences.items())
        ],
        "relationships": [_relation(_DOCUMENT, "DESCRIBES", _IMAGE), *relations],
    }


def spdx_of(document: Json, subject: Subject) -> Json:
    """The document as it would be of another image with the same contents."""
    other = spdx(subject, Contents("deb", (), ()))
    told = {key: other[key] for key in ("name", "documentNamespace", "creationInfo")}
    return {**document, **told, "packages": [*other["packages"], *document["packages"][1:]]}


def _packages(
    subject: Subject, contents: Contents, ids: "_Ids"
) -> tuple[list[Json], list[Json], list[Json], dict[str, str]]:
    """Packages and sources, what binds them, and the names of licences that SPDX does not know."""
    kind = contents.package_format
    packages: list[Json] = []
    sources: dict[str, Json] = {}
    relations: list[Json] = []
    licences: dict[str, str] = {}
    named = {package_url(software, kind, subject): software for software in contents.packages}
    for url, software in sorted(named.items()):
        licence = licence_of(software.licences)
        licences |= licence.references if licence else {}
        package = _package(ids.of(f"Package-{url}"), url, software, licence)
        packages.append(package)
        relations.append(_relation(_IMAGE, "CONTAINS", package["SPDXID"]))
        if software.source:
            source = source_url(software, kind, subject)
            if source not in sources:
                sources[source] = _source(ids.of(f"Source-{source}"), source, software)
            relations.append(
                _relation(package["SPDXID"], "GENERATED_FROM", sources[source]["SPDXID"])
            )
    return packages, [*sources.values()], relations, licences


class _Ids:
    """Identifiers of the document, each given once: they have letters, digits, "." and "-"."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def of(self, text: str) -> str:
        plain = f"SPDXRef-{_NOT_IN_ID.sub('-', text).strip('-')}"
        number = self._given[plain] = self._given.get(plain, 0) + 1
        return plain if number == 1 else f"{plain}--{number}"


def _image(subject: Subject) -> Json:
    return {
        "SPDXID": _IMAGE,
        "name": subject.profile,
        "versionInfo": subject.version,
        "packageFileName": subject.file,
        "supplier": f"Organization: publisher of {subject.profile}",
        "downloadLocation": _UNKNOWN,
        "filesAnalyzed": False,
        "primaryPackagePurpose": "OPERATING-SYSTEM",
        "checksums": [
            {"algorithm": "SHA256", "checksumValue": subject.sha256},
            {"algorithm": "SHA512", "checksumValue": subject.sha512},
        ],
        **({"comment": _moment(subject.snapshot)} if subject.snapshot else {}),
        **_licensing(None),
    }


def _moment(snapshot: datetime) -> str:
    return f"Its packages are those that the archive had at {told(snapshot)}."


def _package(spdx_id: str, url: str, software: Software, licence: Licence | None) -> Json:
    return {
        "SPDXID": spdx_id,
        "name": software.plain_name,
        "versionInfo": software.version,
        "supplier": _supplier(software),
        "downloadLocation": _UNKNOWN,
        "filesAnalyzed": False,
        "primaryPackagePurpose": "LIBRARY",
        "externalRefs": [_purl(url)],
        **_licensing(licence),
    }


def _source(spdx_id: str, url: str, software: Software) -> Json:
    return {
        "SPDXID": spdx_id,
        "name": software.source,
        "versionInfo": software.source_version,
        "supplier": _supplier(software),
        "downloadLocation": _UNKNOWN,
        "filesAnalyzed": False,
        "primaryPackagePurpose": "SOURCE",
        "externalRefs": [_purl(url)],
        **_licensing(None),
    }


def _licensing(licence: Licence | None) -> Json:
    return {
        "licenseConcluded": _UNKNOWN,
        "licenseDeclared": licence.expression if licence else _UNKNOWN,
        "copyrightText": _UNKNOWN,
    }


def _supplier(software: Software) -> str:
    """Who is no organisation by its name is a person: SPDX wants it said."""
    supplier = supplier_of(software)
    if supplier is None:
        return _UNKNOWN
    who = "Organization" if supplier.group else "Person"
    email = f" ({supplier.email})" if supplier.email else ""
    return f"{who}: {supplier.name}{email}"


def _purl(url: str) -> Json:
    return {
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": url,
    }


def _file(spdx_id: str, file: LooseFile) -> Json:
    return {
        "SPDXID": spdx_id,
        "fileName": f".{file.path}",
        "checksums": [
            {"algorithm": "SHA1", "checksumValue": file.sha1},
            {"algorithm": "SHA256", "checksumValue": file.sha256},
        ],
        "licenseConcluded": _UNKNOWN,
        "licenseInfoInFiles": [_UNKNOWN],
        "copyrightText": _UNKNOWN,
    }


def _extracted(reference: str, name: str) -> Json:
    return {
        "licenseId": reference,
        "name": name,
        "extractedText": f"The image calls this licence '{name}'; its text is in the image.",
    }


def _relation(element: str, kind: str, other: str) -> Json:
    return {
        "spdxElementId": element,
        "relationshipType": kind,
        "relatedSpdxElement": other,
    }
