"""The bill as a CycloneDX 1.6 document (ECMA-424). Pure."""

from collections.abc import Iterable
from typing import Any

from builder.profile.snapshot import told
from builder.sbom.facts import Contents, LooseFile, PackageFormat, Software, Subject
from builder.sbom.licences import licence_of
from builder.sbom.names import document_id, package_url, source_url, supplier_of, timestamp

_IMAGE = "image"

Json = dict[str, Any]  # Any: JSON


def cyclonedx(subject: Subject, contents: Contents) -> Json:
    """The document: the image, its packages with their sources, and files of no package."""
    packages = {
        package_url(software, contents.package_format, subject): software
        for software in contents.packages
    }
    components = [
        *(
            _package(url, software, contents.package_format, subject)
            for url, software in sorted(packages.items())
        ),
        *(_file(file) for file in sorted(contents.files)),
    ]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{document_id(subject)}",
        "version": 1,
        "metadata": {
            "timestamp": timestamp(subject),
            "tools": {"components": [_tool(subject)]},
            "component": _image(subject),
        },
        "components": components,
        "dependencies": [
            {"ref": _IMAGE, "dependsOn": [component["bom-ref"] for component in components]}
        ],
        "compositions": [
            {
                "aggregate": "incomplete" if contents.gaps else "complete",
                "assemblies": [_IMAGE],
            }
        ],
        **({"properties": _properties("gap", contents.gaps)} if contents.gaps else {}),
    }


def cyclonedx_of(document: Json, subject: Subject) -> Json:
    """The document as it would be of another image with the same contents."""
    other = cyclonedx(subject, Contents("deb", (), ()))
    return {**document, **{key: other[key] for key in ("serialNumber", "metadata")}}


def _tool(subject: Subject) -> Json:
    return {
        "type": "application",
        "name": "guest-image-builder",
        "version": subject.program_version,
    }


def _image(subject: Subject) -> Json:
    return {
        "type": "operating-system",
        "bom-ref": _IMAGE,
        "name": subject.profile,
        "version": subject.version,
        "hashes": [
            {"alg": "SHA-256", "content": subject.sha256},
            {"alg": "SHA-512", "content": subject.sha512},
        ],
        "properties": [
            *_properties("file", [subject.file]),
            *_properties("snapshot", [told(subject.snapshot)] if subject.snapshot else []),
        ],
    }


def _package(url: str, software: Software, kind: PackageFormat, subject: Subject) -> Json:
    supplier = supplier_of(software)
    licence = licence_of(software.licences)
    component: Json = {
        "type": "library",
        "bom-ref": url,
        "name": software.plain_name,
        "version": software.version,
        "purl": url,
    }
    if supplier:
        contact = {"contact": [{"email": supplier.email}]} if supplier.email else {}
        component["supplier"] = {"name": supplier.name, **contact}
    if licence:
        component["licenses"] = [{"expression": licence.expression}]
    if software.source:
        component["pedigree"] = {"ancestors": [_source(software, kind, subject)]}
    return component


def _source(software: Software, kind: PackageFormat, subject: Subject) -> Json:
    return {
        "type": "library",
        "name": software.source,
        "version": software.source_version,
        "purl": source_url(software, kind, subject),
    }


def _file(file: LooseFile) -> Json:
    return {
        "type": "file",
        "bom-ref": f"file:{file.path}",
        "name": file.path,
        "hashes": [
            {"alg": "SHA-1", "content": file.sha1},
            {"alg": "SHA-256", "content": file.sha256},
        ],
    }


def _properties(name: str, values: Iterable[str]) -> list[Json]:
    return [{"name": f"guest-image:{name}", "value": value} for value in values]
