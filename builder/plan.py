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
from builder.feature import Claim, Grade, Inspection, Probe
from builder.features import AnyFeature, Registry
from builder.profile import Disk, Profile
from builder.publication import Publication
from builder.sourcefile import SourceFile
from builder.together import Used, together, used_features

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

    Raises ``InputError`` with every conflict. A profile that was loaded from a file has none, for
    loading refuses it and says where.
    """
    distribution = profile.distribution
    used = used_features(distribution, profile.features, registry)
    mirrors = profile.mirrors.environment(distribution)
    merged = together(distribution, mirrors, used, more=bool(profile.packages))
    if merged.conflicts:
        raise InputError(
            f"The features of profile '{profile.name}' contradict each other or Nova.",
            details=[f"{one.subject} {one.message} {one.remedy}" for one in merged.conflicts],
        )
    features = tuple(feature for feature, _ in used)
    needed = (name for feature in features for name in feature.elements)
    elements = _once((distribution.element, TREE_ELEMENT, *needed))
    return Plan(
        profile=profile.name,
        description=profile.description,
        distribution=distribution,
        disk=profile.disk,
        elements=elements,
        packages=profile.packages,
        environment=merged.environment,
        argv=_argv(distribution, elements, profile.packages),
        files=_once(file for feature, values in used for file in feature.files(values)),
        parameters={feature.name: values.model_dump(mode="json") for feature, values in used},
        claims=planned_claims(used),
        inspections=planned_checks(used, lambda feature: feature.inspections),
        probes=planned_checks(used, lambda feature: feature.probes),
        boots=boots(named_probes(used), merged.properties),
        flavor=merged.flavor,
        host=_once(need for feature, values in used for need in feature.host(values)),
        publish=profile.publish,
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
