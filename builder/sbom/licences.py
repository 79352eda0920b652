"""The licences' names in an image, as SPDX licence expressions.

Debian's names are those of the machine-readable debian/copyright format 1.0, section 7.1; older
RPMs have Fedora's former short names ("GPLv2+"). A name that SPDX does not know becomes a
``LicenseRef``, so that nothing that an image tells is lost, and nothing is claimed beyond it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from license_expression import get_license_index

REFERENCE = "LicenseRef-"

_LONGEST = 64
"""Characters of a reference: some files have a licence's text where its name belongs."""

_ALIASES = {
    "expat": "MIT",
    "mit/x11": "MIT",
    "bsd-2": "BSD-2-Clause",
    "bsd-3": "BSD-3-Clause",
    "bsd-4": "BSD-4-Clause",
    "artistic": "Artistic-1.0",
    "bsl": "BSL-1.0",
    "cc0": "CC0-1.0",
    "python": "Python-2.0",
    "ofl-1": "OFL-1.0",
    "sil-1.1": "OFL-1.1",
    "sil-ofl-1.1": "OFL-1.1",
    "asl 2.0": "Apache-2.0",
    "mplv1.1": "MPL-1.1",
    "mplv2.0": "MPL-2.0",
}
"""By their names in lower case."""

_GNU = re.compile(
    r"(agpl|lgpl|gpl|gfdl)(-niv)?[-v ]*([0-9](?:\.[0-9])?)(?:\.0)?(\+)?", re.IGNORECASE
)
_WITHOUT_MINOR = re.compile(r".*-[0-9]")
_OPERATOR = re.compile(r"\s+(and|or)\s+", re.IGNORECASE)
_STRONG_OPERATOR = re.compile(r",\s*(and|or)\s+", re.IGNORECASE)
_WITH = re.compile(r"(.+?)\s+with\s+(.+)", re.IGNORECASE)
_NOT_IN_REFERENCE = re.compile(r"[^A-Za-z0-9.]+")


@dataclass(frozen=True)
class Licence:
    """A licence expression of SPDX, and what its references stand for."""

    expression: str
    references: Mapping[str, str]
    """The name that the image has, by ``LicenseRef-…``."""


def licence_of(names: Iterable[str]) -> Licence | None:
    """One expression for all of these names, each of which holds for a part; None without any."""
    references: dict[str, str] = {}
    parts = {_expression(" ".join(name.split()), references) for name in names if name.strip()}
    if not parts:
        return None
    return Licence(_joined(sorted(parts), "AND"), references)


def _expression(name: str, references: dict[str, str]) -> str:
    """Of one name, in which licences are joined by "and" and "or".

    A comma before an operator binds what stands before it: "A or B, and C".
    """
    if any(bracket in name for bracket in "()"):
        return _reference(name, references)
    left, *rest = _STRONG_OPERATOR.split(name)
    expression = _weak(left, references)
    for operator, right in zip(rest[::2], rest[1::2], strict=True):
        expression = _joined([expression, _weak(right, references)], operator.upper())
    return expression


def _weak(name: str, references: dict[str, str]) -> str:
    """Where "and" binds closer than "or", as in SPDX, nothing needs a bracket."""
    words = _OPERATOR.split(name)
    return " ".join(
        word.upper() if number % 2 else _single(word.strip(" ,"), references)
        for number, word in enumerate(words)
    )


def _joined(expressions: list[str], operator: str) -> str:
    if len(expressions) == 1:
        return expressions[0]
    return f" {operator} ".join(
        f"({expression})" if " AND " in expression or " OR " in expression else expression
        for expression in expressions
    )


def _single(name: str, references: dict[str, str]) -> str:
    if match := _WITH.fullmatch(name):
        licence = _known(match[1])
        exception = _exceptions().get(match[2].lower().replace(" ", "-"))
        if licence and exception:
            return f"{licence} WITH {exception}"
    return _known(name) or _reference(name, references)


def _known(name: str) -> str | None:
    """The identifier of SPDX for a licence's name."""
    low = name.lower()
    if match := _GNU.fullmatch(name):
        family, invariant, version, later = match.groups()
        low = "-".join(
            (
                family.lower(),
                version if "." in version else f"{version}.0",
                *(("no-invariants",) if invariant else ()),
                "or-later" if later else "only",
            )
        )
    return (
        _ALIASES.get(low)
        or _identifiers().get(low)
        or (_identifiers().get(f"{low}.0") if _WITHOUT_MINOR.fullmatch(low) else None)
    )


def _reference(name: str, references: dict[str, str]) -> str:
    plain = _NOT_IN_REFERENCE.sub("-", name.removeprefix(REFERENCE)).strip("-")[:_LONGEST]
    reference = f"{REFERENCE}{plain or 'unnamed'}"
    references.setdefault(reference, name)
    return reference


@cache
def _identifiers() -> Mapping[str, str]:
    """Every identifier of SPDX's list, by itself in lower case, and those that it has replaced."""
    return _of_index(exceptions=False)


@cache
def _exceptions() -> Mapping[str, str]:
    return _of_index(exceptions=True)


def _of_index(*, exceptions: bool) -> Mapping[str, str]:
    entries = [
        entry
        for entry in get_license_index()
        if entry["is_exception"] is exceptions
        and not str(entry.get("spdx_license_key") or REFERENCE).startswith(REFERENCE)
    ]
    former = {
        key.lower(): entry["spdx_license_key"]
        for entry in entries
        for key in entry["other_spdx_license_keys"]
        if not key.startswith(REFERENCE)
    }
    return former | {
        entry["spdx_license_key"].lower(): entry["spdx_license_key"] for entry in entries
    }
