"""What a repository says of its security updates: the index ``updateinfo``. Pure.

The form is that of Fedora's Bodhi, which Rocky Linux and openSUSE follow.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

from builder.archive.rpm.plain_xml import Attributes, read_xml

ADVISORY_LIMIT = 1_000_000
"""Packages of security advisories. Five years of a distribution have a tenth of that."""


@dataclass(frozen=True)
class Fix:
    """A version of a package that closes a hole."""

    name: str
    version: str
    """With its epoch, unless that is 0."""
    architecture: str
    issued: datetime | None
    """When it was told; None where that is no date."""


def security_fixes(updateinfo: IO[bytes]) -> Iterator[Fix]:
    """All fixes that an index names, each with the day on which its advisory was issued.

    Raises ``ValueError`` for what is no such index.
    """
    reading = _Reading()
    read_xml(updateinfo, reading.start, reading.text)
    if reading.root != "updates":
        raise ValueError(f"it is not an index of updates, but <{reading.root}>")
    yield from reading.found


def version_of(epoch: str, version: str, release: str) -> str:
    """A version as rpm compares it, ``EPOCH:VERSION-RELEASE``: an epoch of 0 is none."""
    return f"{epoch}:{version}-{release}" if epoch not in {"", "0"} else f"{version}-{release}"


def moment_of(text: str) -> datetime | None:
    """A date as advisories have it: seconds since 1970, or ISO 8601's, in UTC; else None."""
    try:
        if re.fullmatch(r"[0-9]{1,11}", text):
            return datetime.fromtimestamp(int(text), UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class _Reading:
    """Collects the packages of security advisories."""

    def __init__(self) -> None:
        self.root = ""
        self.found: list[Fix] = []
        self._security = False
        self._issued: datetime | None = None

    def start(self, name: str, attributes: Attributes) -> None:
        if not self.root:
            self.root = name
        elif name == "update":
            self._security = attributes.get("type") == "security"
            self._issued = None
        elif name == "issued":
            self._issued = moment_of(attributes.get("date", ""))
        elif name == "package" and self._security:
            self._add(attributes)

    def text(self, name: str, text: str) -> None:
        """Everything that matters stands in attributes."""

    def _add(self, said: Attributes) -> None:
        if len(self.found) == ADVISORY_LIMIT:
            raise ValueError(f"it has more than {ADVISORY_LIMIT} packages of security updates")
        version = version_of(
            said.get("epoch", ""), said.get("version", ""), said.get("release", "")
        )
        self.found.append(Fix(said.get("name", ""), version, said.get("arch", ""), self._issued))
