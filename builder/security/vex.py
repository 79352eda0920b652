"""Files of exceptions: VEX in OpenVEX 0.2.0 or CycloneDX, of which each exception has an end.

Neither format has a word for the end. OpenVEX's schema forbids words of one's own, so that it
stands in ``status_notes``, "expires 2026-12-31"; in CycloneDX it is the property
``guest-image:expires`` of the vulnerability.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from packageurl import PackageURL
from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError

from builder.errors import InputError
from builder.security.problems import problems

SIZE_LIMIT = 16 << 20
EXPIRES = "guest-image:expires"
_EXPIRES = re.compile(r"\bexpires?\b[: ]*([^\s,;]*)", re.IGNORECASE)
_ANSWERED = {"not_affected", "fixed", "false_positive", "resolved", "resolved_with_pedigree"}
"""States in which a vulnerability is none of the product, in both formats' words."""
_MOMENT = TypeAdapter(AwareDatetime)


@dataclass(frozen=True)
class Product:
    """What a statement is about."""

    packages: tuple[PackageURL, ...] = ()
    sha256: str = ""
    """An image's; its ``packages`` are then parts of it, or all without any."""


@dataclass(frozen=True)
class Statement:
    """What somebody has found out, or decided, of a vulnerability."""

    place: str
    """Where it stands in the file."""
    names: frozenset[str]
    products: tuple[Product, ...]
    status: str
    reason: str
    at: datetime
    """When it was said."""
    expires: datetime | None
    """Until when it counts; None of what is no exception."""


class _Identifiers(BaseModel):
    purl: str = ""


class _Component(BaseModel):
    id: str = Field(default="", alias="@id")
    identifiers: _Identifiers = _Identifiers()
    hashes: dict[str, str] = {}
    subcomponents: tuple["_Component", ...] = ()

    @property
    def purls(self) -> list[str]:
        return [text for text in (self.id, self.identifiers.purl) if text.startswith("pkg:")]


class _Name(BaseModel):
    name: str
    aliases: tuple[str, ...] = ()


class _Said(BaseModel):
    vulnerability: _Name
    products: tuple[_Component, ...] = ()
    status: str
    status_notes: str = ""
    justification: str = ""
    impact_statement: str = ""
    action_statement: str = ""
    timestamp: AwareDatetime | None = None
    last_updated: AwareDatetime | None = None


class _OpenVex(BaseModel):
    timestamp: AwareDatetime
    statements: tuple[_Said, ...]


class _Property(BaseModel):
    name: str
    value: str = ""


class _Affects(BaseModel):
    ref: str


class _Analysis(BaseModel):
    state: str = ""
    justification: str = ""
    detail: str = ""
    first_issued: AwareDatetime | None = Field(default=None, alias="firstIssued")
    last_updated: AwareDatetime | None = Field(default=None, alias="lastUpdated")


class _Vulnerability(BaseModel):
    id: str
    analysis: _Analysis | None = None
    affects: tuple[_Affects, ...] = ()
    properties: tuple[_Property, ...] = ()


class _Metadata(BaseModel):
    timestamp: AwareDatetime | None = None


class _CycloneDx(BaseModel):
    metadata: _Metadata = _Metadata()
    vulnerabilities: tuple[_Vulnerability, ...]


def read(path: Path) -> tuple[Statement, ...]:
    """The statements of a file.

    Raises ``InputError`` for a file of another kind, and for an exception without an end.
    """
    try:
        with path.open("rb") as file:
            return tuple(parsed(file.read(SIZE_LIMIT + 1)))
    except (ValueError, OSError) as error:
        raise InputError(
            f"{path} has no exceptions that count.",
            details=problems(error),
            hint="Give VEX, as OpenVEX or CycloneDX. Each exception says until when it counts:"
            f" 'expires 2026-12-31' in status_notes, or the property {EXPIRES}.",
        ) from error


def parsed(content: bytes) -> Iterator[Statement]:
    """The statements of a file's content. Raises ``ValueError``. Pure."""
    if len(content) > SIZE_LIMIT:
        raise ValueError(f"It has more than {SIZE_LIMIT >> 20} MiB.")
    document = TypeAdapter(dict[str, Any]).validate_json(content)  # Any: JSON
    if "openvex" in str(document.get("@context", "")):
        yield from _open_vex(_OpenVex.model_validate(document))
    elif document.get("bomFormat") == "CycloneDX" and "vulnerabilities" in document:
        yield from _cyclonedx(_CycloneDx.model_validate(document))
    else:
        raise ValueError("It is neither OpenVEX nor CycloneDX with vulnerabilities.")


def _open_vex(document: _OpenVex) -> Iterator[Statement]:
    for number, said in enumerate(document.statements):
        place = f"statements[{number}] ({said.vulnerability.name})"
        match = _EXPIRES.search(said.status_notes)
        yield Statement(
            place=place,
            names=frozenset((said.vulnerability.name, *said.vulnerability.aliases)),
            products=tuple(_product(component, place) for component in said.products),
            status=said.status,
            reason=said.justification or said.impact_statement or said.action_statement,
            at=said.last_updated or said.timestamp or document.timestamp,
            expires=_end(place, said.status, match[1] if match else None),
        )


def _cyclonedx(document: _CycloneDx) -> Iterator[Statement]:
    for number, vulnerability in enumerate(document.vulnerabilities):
        place = f"vulnerabilities[{number}] ({vulnerability.id})"
        analysis = vulnerability.analysis or _Analysis()
        named = next(
            (each.value for each in vulnerability.properties if each.name == EXPIRES), None
        )
        refs = [unquote(affects.ref.rpartition("#")[2]) for affects in vulnerability.affects]
        purls = [ref for ref in refs if ref.startswith("pkg:")]
        yield Statement(
            place=place,
            names=frozenset((vulnerability.id,)),
            products=tuple(Product((_purl(purl, place),)) for purl in purls),
            status=analysis.state,
            reason=analysis.justification or analysis.detail,
            at=analysis.last_updated
            or analysis.first_issued
            or document.metadata.timestamp
            or datetime.min.replace(tzinfo=UTC),
            expires=_end(place, analysis.state, named),
        )


def _product(component: _Component, place: str) -> Product:
    sha256 = component.hashes.get("sha-256", "")
    parts = [purl for part in component.subcomponents for purl in part.purls]
    purls = parts if component.subcomponents else component.purls
    if component.subcomponents and not sha256:
        sha256 = "of no image"  # a product that nothing here knows: its parts are not this image's
    return Product(tuple(_purl(purl, place) for purl in purls), sha256)


def _purl(text: str, place: str) -> PackageURL:
    try:
        return PackageURL.from_string(text)
    except ValueError as error:
        raise ValueError(f"{place}: '{text}' is not a package URL.") from error


def _end(place: str, status: str, text: str | None) -> datetime | None:
    """Until when a statement counts; of a day it is its end."""
    if text is None:
        if status in _ANSWERED:
            raise ValueError(f"{place}: an exception ({status}) that does not say when it expires.")
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time.max, UTC)
    except ValueError:
        pass
    try:
        return _MOMENT.validate_python(text)
    except ValidationError as error:
        raise ValueError(
            f"{place}: it expires '{text}', which is neither YYYY-MM-DD nor a time with a zone."
        ) from error
