"""A build's packages with their sources, and its files of no package, by its own bill."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from builder.errors import InputError
from builder.sbom.check import faults
from builder.sbom.facts import Hex, Name, NoName, Software, Word
from builder.store.manifest import Manifest

T = TypeVar("T")


class _Ancestor(BaseModel):
    name: Name
    version: Word


class _Pedigree(BaseModel):
    ancestors: tuple[_Ancestor, ...] = ()


class _Hash(BaseModel):
    alg: str
    content: Hex


class _Component(BaseModel):
    type: str
    name: str
    version: str = ""
    hashes: tuple[_Hash, ...] = ()
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
    return _read(directory, build, _packages)


def loose_files(directory: Path, build: Manifest) -> Mapping[str, str] | None:
    """The regular files that belong to no package, with their SHA-256. Otherwise as above."""
    return _read(directory, build, _files)


def _read(directory: Path, build: Manifest, told: Callable[[_Bill], T]) -> T | None:
    bill = next((bill for bill in build.sbom if bill.format == "CycloneDX"), None)
    if bill is None:
        return None
    try:
        for fault in faults(directory, build):
            raise ValueError(fault)  # noqa: TRY301 - it ends as the others do
        return told(_Bill.model_validate_json((directory / bill.name).read_bytes()))
    except (ValueError, OSError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise InputError(
            f"The bill of materials of build {build.build} does not tell what it consists of.",
            details=[reason],
            hint="Copy the file again from where the image was built, or build the image again.",
        ) from error


def _packages(bill: _Bill) -> tuple[Software, ...]:
    return tuple(_software(each) for each in bill.components if each.type == "library")


def _files(bill: _Bill) -> Mapping[str, str]:
    files = (each for each in bill.components if each.type == "file")
    return {
        file.name: hash_.content
        for file in files
        for hash_ in file.hashes
        if hash_.alg == "SHA-256"
    }


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
