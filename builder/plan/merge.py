"""The plan: a profile and its features, merged. Pure: no file is read and no program is run."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from builder.architecture import ARCHITECTURES
from builder.distribution import Distribution
from builder.errors import InputError
from builder.feature import Claim, Grade, Inspection, Probe
from builder.features.combination import Used, merge_features, used_features
from builder.features.registry import AnyFeature, Registry
from builder.plan.boots import Named, boots
from builder.plan.model import Plan, PlannedCheck, PlannedClaim
from builder.profile.model import Profile

TREE_ELEMENT = "guest-tree"
"""Lets diskimage-builder end with a directory tree; the builder makes the disk of it."""

T = TypeVar("T")

AnyCheck = Inspection[Any] | Probe[Any]  # Any: the parameters of the check's own feature


def make_plan(profile: Profile, registry: Registry) -> Plan:
    """Merge a profile with its features, which come in the registry's order, foundation first.

    Raises ``InputError`` with every conflict. A profile that was loaded from a file has none, for
    loading refuses it and says where.
    """
    distribution = profile.distribution
    used = used_features(distribution, profile.features, registry)
    mirrors = profile.mirrors.environment(distribution)
    merged = merge_features(distribution, mirrors, used, more=bool(profile.packages))
    if merged.conflicts:
        raise InputError(
            f"The features of profile '{profile.name}' contradict each other or Nova.",
            details=[
                f"{conflict.subject} {conflict.message} {conflict.remedy}"
                for conflict in merged.conflicts
            ],
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
        environment={**merged.environment, "DIB_INITRD_DRIVERS": profile.initrd_drivers},
        argv=_argv(distribution, elements, profile.packages),
        files=_once(file for feature, values in used for file in feature.files(values)),
        parameters={feature.name: values.model_dump(mode="json") for feature, values in used},
        # What is never released has no version to claim.
        claims=tuple(claim for claim in planned_claims(used) if claim.value),
        inspections=planned_checks(used, lambda feature: feature.inspections),
        probes=planned_checks(used, lambda feature: feature.probes),
        boots=boots(named_probes(used), merged.properties, merged.flavor),
        needs={feature.name: needs for feature, values in used if (needs := feature.needs(values))},
        snapshot=profile.snapshot,
        publish=profile.publish,
    )


def _argv(
    distribution: Distribution, elements: tuple[str, ...], packages: tuple[str, ...]
) -> tuple[str, ...]:
    architecture = ARCHITECTURES[distribution.architecture].debian
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
        (check_id(feature, probe), probe)
        for feature, parameters in used
        for probe in feature.probes
        if probe.applies(parameters)
    ]


def _once(things: Iterable[T]) -> tuple[T, ...]:
    """The things in their order, each of them once."""
    return tuple(dict.fromkeys(things))
