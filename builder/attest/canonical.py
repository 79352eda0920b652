"""What of a manifest is signed: its meaning, section by section, and not the bytes of its file.

A proof and a publication write the manifest anew, and so may a later version of this program. So
that a signature outlives that, a record is signed in a form that does not depend on who wrote it:
JSON with sorted keys, in which what is empty is left out, as sections are only ever added.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from builder.store.manifest import Manifest
from builder.store.sections import Evidence, Observed

ADDED_LATER = frozenset({"evidence", "boots", "libguestfs", "observations", "published"})
"""The sections that proofs and publications write; all others are of the build."""


def canonical(record: BaseModel) -> str:
    """The record as JSON: equal texts mean the same."""
    return to_text(_without_empty(record.model_dump(mode="json")))


def place_of(record: Evidence | Observed) -> str:
    """What a record is about: one that is made anew takes the place of the older one."""
    where = record.boot if isinstance(record, Evidence) else record.endpoint
    return f"{record.check} in {where}" if where else record.check


def to_text(value: object) -> str:
    """JSON in its shortest form, with sorted keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def section_digests(build: Manifest) -> dict[str, str]:
    """Hex SHA-256 of each section that is not empty."""
    meaning: Mapping[str, Any] = _without_empty(build.model_dump(mode="json"))
    return {name: sha256_of_text(to_text(value)) for name, value in meaning.items()}


def build_sections(digests: Mapping[str, str]) -> dict[str, str]:
    """Those of them that nobody changes after the build."""
    return {name: digest for name, digest in digests.items() if name not in ADDED_LATER}


def sha256_of_text(text: str) -> str:
    """Hex SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()


def _without_empty(value: Any) -> Any:  # Any: JSON
    match value:
        case dict():
            kept = {name: _without_empty(member) for name, member in value.items()}
            return {name: member for name, member in kept.items() if not _is_empty(member)}
        case list():
            return [_without_empty(member) for member in value]
        case _:
            return value


def _is_empty(value: object) -> bool:
    """A zero is none: it may be an exit code, or a size."""
    return value is None or value is False or value in ("", [], {})
