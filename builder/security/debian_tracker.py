"""The JSON of Debian's security tracker: vulnerabilities by source package. Pure.

Of each release it has a status, the version that fixed it, and Debian's word on how urgent it is.
``fixed_version`` is "0" where the release never had it (the tracker's lib/python/security_db.py).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from pydantic import BaseModel, TypeAdapter

from builder.compare.versions import order
from builder.distribution import Distribution
from builder.security.finding import Finding
from builder.security.inventory import Source

_CVE = re.compile(r"CVE-([0-9]{4})-[0-9]+")
_MINOR = {"ignored": "ignored", "postponed": "postponed", "": "minor issue"}
_NEGLIGIBLE = "unimportant"
_NEVER = "0"
_CODE_NAMES: Mapping[str, str] = {"unstable": "sid"}


class _Release(BaseModel):
    status: str
    fixed_version: str | None = None
    urgency: str | None = None
    nodsa: str | None = None
    nodsa_reason: str | None = None


class _Vulnerability(BaseModel):
    releases: dict[str, _Release] = {}


_OF_SOURCE = TypeAdapter(dict[str, _Vulnerability])

Of = Mapping[str, _Vulnerability]
"""What the tracker knows of one source, by name."""


def parsed(data: object) -> Of:
    """What a file has of one source. Raises ``ValueError`` where it is something else."""
    return _OF_SOURCE.validate_python(data)


def release_of(distribution: Distribution) -> str:
    """What the tracker calls a release: always by its code name."""
    return _CODE_NAMES.get(distribution.release, distribution.release)


def known_of(vulnerabilities: Of, release: str) -> int:
    """How many of them are told of a release."""
    return sum(release in vulnerability.releases for vulnerability in vulnerabilities.values())


def findings(vulnerabilities: Of, release: str, sources: Iterable[Source]) -> Iterator[Finding]:
    """Those that these versions of the source have."""
    for source in sources:
        for name, vulnerability in vulnerabilities.items():
            told = vulnerability.releases.get(release)
            if told is not None and _affects(told, source.version):
                yield Finding(
                    name,
                    source,
                    fixed=(told.fixed_version or "") if told.status == "resolved" else "",
                    note=_note(told),
                    negligible=told.urgency == _NEGLIGIBLE,
                )


def newest_year(names: Iterable[str]) -> int:
    """The year of the newest CVE; 0 without any."""
    return max((int(match[1]) for name in names if (match := _CVE.fullmatch(name))), default=0)


def end_of(year: int) -> datetime:
    """The moment at which a file is older than its newest CVE could tell."""
    return datetime(year + 1, 1, 1, tzinfo=UTC)


def _affects(told: _Release, version: str) -> bool:
    if told.fixed_version == _NEVER:
        return False
    if told.status == "resolved" and told.fixed_version:
        # What nothing orders is not taken for repaired.
        return order(version, told.fixed_version, "deb") in {1, None}
    return told.status != "resolved"


def _note(told: _Release) -> str:
    notes = [told.status if told.status == "undetermined" else ""]
    if told.urgency in {_NEGLIGIBLE, "end-of-life"}:
        notes.append(told.urgency)
    elif told.nodsa or told.nodsa_reason:
        notes.append(_MINOR.get(told.nodsa_reason or "", _MINOR[""]))
    return ", ".join(filter(None, notes))
