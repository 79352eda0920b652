"""The plan: a profile and its features, merged. Pure: no file is read and no program is run."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import TypeAdapter

from builder.boots import Boot, Named, boots
from builder.distribution import Distribution
from builder.errors import InputError
from builder.feature import Claim, Grade, Inspection, Parameters, Probe
from builder.features import FOUNDATION, AnyFeature, Registry
from builder.nova import objections
from builder.profile import Disk, Profile
from builder.publication import Publication
from builder.sourcefile import SourceFile

DIGEST_CHARACTERS = 12
"""More than in the name of a build, whose digest is of the elements and the code as well."""

DEBIAN_ARCHITECTURES = {"x86_64": "amd64"}
"""diskimage-builder calls an architecture as Debian does; Glance as ``uname -m`` does."""

TREE_ELEMENT = "guest-tree"
"""Lets diskimage-builder end with a directory tree; the builder makes the disk of it."""

T = TypeVar("T")

AnyCheck = Inspection[Any] | Probe[Any]  # Any: the parameters of the check's own feature


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


def make_plan(profile: Profile, registry: Registry) -> Plan:
    """Merge a profile with its features, which come in the registry's order, foundation first.

    Raises ``InputError`` with every conflict, each naming both owners.
    """
    distribution = profile.distribution
    used = _used(profile, registry)
    features = tuple(feature for feature, _ in used)

    environment = _Owned("environment variable")
    environment.add_all(distribution.variables(), f"distribution {distribution.name}")
    for name, value in profile.mirrors.environment(distribution).items():
        environment.add(name, value, "the profile's mirrors")
    properties = _Owned("image property")
    flavor = _Owned("flavor extra spec")
    files = _Owned("file")
    for feature, parameters in used:
        environment.add_all(feature.environment(parameters), feature.name)
        flavor.add_all(feature.flavor(parameters), feature.name)
        for file in feature.files(parameters):
            files.add(file.name, file.sha256, feature.name)
        for claim in feature.claims(parameters):
            properties.add(claim.property, claim.value, feature.name)
    _refuse_conflicts(profile, features, properties, environment, flavor, files)

    needed = (name for feature in features for name in feature.elements)
    elements = _once((distribution.element, TREE_ELEMENT, *needed))
    return Plan(
        profile=profile.name,
        description=profile.description,
        distribution=distribution,
        disk=profile.disk,
        elements=elements,
        packages=profile.packages,
        environment=environment.sorted(),
        argv=_argv(distribution, elements, profile.packages),
        files=_once(file for feature, values in used for file in feature.files(values)),
        parameters={feature.name: values.model_dump(mode="json") for feature, values in used},
        claims=planned_claims(used),
        inspections=planned_checks(used, lambda feature: feature.inspections),
        probes=planned_checks(used, lambda feature: feature.probes),
        boots=boots(named_probes(used), properties.sorted()),
        flavor=flavor.sorted(),
        host=_once(need for feature, values in used for need in feature.host(values)),
        publish=profile.publish,
    )


Used = tuple[tuple[AnyFeature, Parameters], ...]
"""Features with their parameters, foundation first."""


def _used(profile: Profile, registry: Registry) -> Used:
    foundation = FOUNDATION.parameters.model_validate(FOUNDATION.defaults(profile.distribution))
    return (
        (FOUNDATION, foundation),
        *(
            (registered.feature, profile.features[name])
            for name, registered in registry.items()
            if name in profile.features
        ),
    )


class _Owned:
    """Values by name, each with its owner, and the conflicts between owners."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.values: dict[str, tuple[str, str]] = {}
        self.conflicts: list[str] = []

    def add(self, name: str, value: str, owner: str) -> None:
        known, first = self.values.setdefault(name, (value, owner))
        if known != value:
            self.conflicts.append(
                f"{self.kind} {name}: {first} sets '{known}', {owner} sets '{value}'"
            )

    def add_all(self, values: Mapping[str, str], owner: str) -> None:
        for name, value in values.items():
            self.add(name, value, owner)

    def owner(self, name: str) -> str | None:
        return self.values[name][1] if name in self.values else None

    def sorted(self) -> dict[str, str]:
        return {name: value for name, (value, _) in sorted(self.values.items())}


def _refuse_conflicts(
    profile: Profile,
    features: tuple[AnyFeature, ...],
    properties: _Owned,
    environment: _Owned,
    flavor: _Owned,
    files: _Owned,
) -> None:
    owned = (properties, environment, flavor, files)
    conflicts = [conflict for one in owned for conflict in one.conflicts]
    conflicts += [
        f"{feature.name} excludes {name}: {reason}"
        for feature in features
        for name, reason in feature.excludes.items()
        if name in profile.features
    ]
    for objection in objections(properties.sorted(), flavor.sorted()):
        owner = properties.owner(objection.name) or flavor.owner(objection.name)
        conflicts.append(f"{objection.name} of {owner}: {objection.reason}. {objection.remedy}")
    if conflicts:
        raise InputError(
            f"The features of profile '{profile.name}' contradict each other or Nova.",
            details=conflicts,
            hint="Change their parameters, or remove one of the features with 'FEATURE: false'.",
        )


def _argv(
    distribution: Distribution, elements: tuple[str, ...], packages: tuple[str, ...]
) -> tuple[str, ...]:
    architecture = DEBIAN_ARCHITECTURES[distribution.architecture]
    extra = ("-p", ",".join(packages)) if packages else ()
    return (
        "disk-image-create",
        "-a",
        architecture,
        "-n",
        "-t",
        "raw",
        "-o",
        "image",
        *extra,
        *elements,
    )


def planned_claims(used: Used) -> tuple[PlannedClaim, ...]:
    """What the features claim, each with the grade that its proof is good for."""
    return tuple(
        PlannedClaim(
            property=claim.property,
            value=claim.value,
            promise=claim.promise,
            owner=feature.name,
            grade=_grade(claim),
            proof=tuple(check_id(feature, check) for check in claim.proof),
        )
        for feature, parameters in used
        for claim in feature.claims(parameters)
    )


def _grade(claim: Claim) -> Grade:
    if not claim.proof:
        return Grade.DECLARED  # a promise that nothing can prove
    probed = any(isinstance(check, Probe) for check in claim.proof)
    return Grade.EXERCISED if probed else Grade.PRESENT


def check_id(feature: AnyFeature, check: AnyCheck) -> str:
    """The id of a check, unique within a plan."""
    return f"{feature.name}/{check.name}"


def planned_checks(
    used: Used, checks: Callable[[AnyFeature], tuple[AnyCheck, ...]]
) -> tuple[PlannedCheck, ...]:
    """Those checks of the features that apply to their parameters."""
    return tuple(
        PlannedCheck(check_id(feature, check), feature.name, check.title)
        for feature, parameters in used
        for check in checks(feature)
        if check.applies(parameters)
    )


def named_probes(used: Used) -> list[Named]:
    """The probes that apply to the features' parameters, with their ids."""
    return [
        (check_id(feature, one), one)
        for feature, parameters in used
        for one in feature.probes
        if one.applies(parameters)
    ]


def _once(things: Iterable[T]) -> tuple[T, ...]:
    """The things in their order, each of them once."""
    return tuple(dict.fromkeys(things))
