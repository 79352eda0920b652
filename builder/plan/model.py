"""A plan: what a build is made of, what is claimed, and how it is checked."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from builder.distribution import Distribution
from builder.feature import Grade
from builder.feature.source_file import SourceFile
from builder.plan.boots import Boot
from builder.profile.model import Disk
from builder.profile.publication import Publication

DIGEST_CHARACTERS = 12
"""More than in the name of a build, whose digest is of the elements and the code as well."""


@dataclass(frozen=True)
class PlannedClaim:
    """A claim, its owner, and the grade that counts as proof."""

    property: str
    value: str
    promise: str
    owner: str
    grade: Grade
    proof: tuple[str, ...]
    """Ids of the checks that must pass."""


@dataclass(frozen=True)
class PlannedCheck:
    """An inspection or a probe; its id is ``FEATURE/CHECK``."""

    id: str
    feature: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that a build, its checks and its publication need to know."""

    profile: str
    description: str
    distribution: Distribution
    disk: Disk
    elements: tuple[str, ...]
    packages: tuple[str, ...]
    environment: Mapping[str, str]
    """Variables for diskimage-builder and the elements, sorted by name."""
    argv: tuple[str, ...]
    parameters: Mapping[str, Mapping[str, Any]]  # Any: JSON of each feature's own parameters
    """By feature, foundation first."""
    claims: tuple[PlannedClaim, ...]
    inspections: tuple[PlannedCheck, ...]
    probes: tuple[PlannedCheck, ...]
    boots: tuple[Boot, ...]
    flavor: Mapping[str, str]
    """Extra specs that a flavor for this image needs, sorted by name; and ``vcpus``, its number of
    vCPUs, where that matters."""
    host: tuple[str, ...]
    files: tuple[SourceFile, ...] = ()
    """Files of the user's own that the elements need."""
    publish: Publication = field(default_factory=Publication)

    @property
    def digest(self) -> str:
        """Short digest of the whole plan: equal plans have equal digests."""
        canonical = json.dumps(_ADAPTER.dump_python(self, mode="json"), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:DIGEST_CHARACTERS]


_ADAPTER = TypeAdapter(Plan)


def to_json(plan: Plan) -> dict[str, Any]:  # Any: JSON
    """The plan as JSON data, with its digest."""
    return {"digest": plan.digest, **_ADAPTER.dump_python(plan, mode="json")}


def from_json(data: Mapping[str, Any]) -> Plan:  # Any: JSON
    """The plan of JSON data that ``to_json`` made.

    Raises pydantic's ``ValidationError`` where it did not.
    """
    fields = {key: value for key, value in data.items() if key != "digest"}
    return _ADAPTER.validate_json(json.dumps(fields))
