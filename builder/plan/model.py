"""A plan: what a build is made of, what is claimed, and how it is checked."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from builder.distribution import Distribution
from builder.feature import Grade, Need
from builder.feature.needs import flavor_of
from builder.feature.nova_release import NEWEST
from builder.feature.source_file import SourceFile
from builder.plan.boots import Boot
from builder.profile.model import Disk
from builder.profile.publication import Publication

DIGEST_CHARACTERS = 12
"""More than in the name of a build, whose digest is of the elements and the code as well."""

EARLIER = "earlier version"
"""In place of a feature: plans of earlier versions do not say which one needs something."""


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
    needs: Mapping[str, tuple[Need, ...]]
    """What the image needs of a cloud besides its properties, by feature, foundation first."""
    files: tuple[SourceFile, ...] = ()
    """Files of the user's own that the elements need."""
    snapshot: datetime | None = None
    """The moment that the packages are of, where they are not to be today's."""
    publish: Publication = field(default_factory=Publication)

    @property
    def all_needs(self) -> tuple[Need, ...]:
        """Those of all features, each once."""
        return tuple(dict.fromkeys(need for needs in self.needs.values() for need in needs))

    @property
    def flavor(self) -> Mapping[str, str]:
        """What a flavor must have with the newest Nova: extra specs, and ``vcpus``, its number."""
        return flavor_of(self.all_needs, NEWEST)

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
    """The plan of JSON data that ``to_json`` made, be it of an earlier version.

    Raises pydantic's ``ValidationError`` where it did not.
    """
    fields = {key: value for key, value in data.items() if key != "digest"}
    if "needs" not in fields:
        fields["needs"] = _needs_of_earlier_version(fields)
    return _ADAPTER.validate_json(json.dumps(fields))


def _needs_of_earlier_version(fields: Mapping[str, Any]) -> object:  # Any: JSON
    """They were extra specs and sentences, and nobody's.

    What is no plan at all is left to the validation.
    """
    flavor, host = fields.get("flavor"), fields.get("host")
    if not isinstance(flavor, dict) or not isinstance(host, list):
        return None
    told = {"reason": "", "source": ""}
    things: list[dict[str, object]] = [
        {"kind": "flavor-vcpus", "count": value}
        if name == "vcpus"
        else {"kind": "extra-spec", "name": name, "value": value}
        for name, value in flavor.items()
    ]
    things += [{"kind": "setup", "text": sentence} for sentence in host]
    return {EARLIER: [{"what": thing, **told} for thing in things]}
