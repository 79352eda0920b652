"""The packages of a build, with their sources, by its own bill of materials."""

from pathlib import Path

from pydantic import BaseModel, ValidationError

from builder.errors import InputError
from builder.sbom.check import faults
from builder.sbom.facts import Name, NoName, Software, Word
from builder.store.manifest import Manifest


class _Ancestor(BaseModel):
    name: Name
    version: Word


class _Pedigree(BaseModel):
    ancestors: tuple[_Ancestor, ...] = ()


class _Component(BaseModel):
    type: str
    name: str
    version: str = ""
    purl: str = ""
    pedigree: _Pedigree = _Pedigree()


class _Bill(BaseModel):
    components: tuple[_Component, ...]


class _Package(BaseModel):
    name: Name
    version: Word
    source: NoName
    source_version: Word


def packages_with_sources(directory: Path, build: Manifest) -> tuple[Software, ...] | None:
    """The packages by the CycloneDX bill of a build; None where it has no such bill.

    Their architectures are not told. Raises ``InputError`` for a bill that is missing, truncated
    or another one than the manifest tells of.
    """
    bill = next((bill for bill in build.sbom if bill.format == "CycloneDX"), None)
    if bill is None:
        return None
    try:
        for fault in faults(directory, build):
            raise ValueError(fault)  # noqa: TRY301 - it ends as the others do
        return _parsed((directory / bill.name).read_bytes())
    except (ValueError, OSError) as error:
        told = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise InputError(
            f"The bill of materials of build {build.build} does not tell its packages.",
            details=[told],
            hint="Copy the file again from where the image was built, or build the image again.",
        ) from error


def _parsed(content: bytes) -> tuple[Software, ...]:
    components = _Bill.model_validate_json(content).components
    return tuple(_software(component) for component in components if component.type == "library")


def _software(component: _Component) -> Software:
    ancestor = next(iter(component.pedigree.ancestors), None)
    package = _Package(
        name=component.name,
        version=component.version,
        source=ancestor.name if ancestor else "",
        source_version=ancestor.version if ancestor else "",
    )
    return Software(
        name=package.name,
        version=package.version,
        architecture="",
        source=package.source,
        source_version=package.source_version,
    )
