"""What an image that was built elsewhere can be said to do: a plan made of the checks it passes.

Pure. No profile says what such an image is for, so every feature is a candidate with its defaults:
inspections tell which claims are worth a boot, and probes which of them hold.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from builder.distribution import DISTRIBUTIONS, Distribution
from builder.feature import Grade, Outcome
from builder.features.combination import Used
from builder.features.guest_agent import USER_PATTERN
from builder.features.registry import FOUNDATION, WINDOWS, Registry, parameters_of
from builder.nova.conflicts import nova_conflicts
from builder.nova.properties import complaints, restricts
from builder.plan.boots import Boot, boots
from builder.plan.merge import check_id, named_probes, planned_checks, planned_claims
from builder.plan.model import Plan, PlannedCheck, PlannedClaim
from builder.profile.model import Disk
from builder.store.sections import Evidence, UnprovenClaim

NEWLINE = "\n"
NOBODY = "root"
"""Stands in the parameters for a user whom the disk does not name: no claim has it."""
BY_CHOICE = "it would bind the image to hosts that give it: a profile may choose that"
FIRMWARE_CHECK = f"{FOUNDATION.name}/firmware-is-as-asked"


@dataclass(frozen=True, kw_only=True)
class ForeignImage:
    """The image, and what its disk has told."""

    name: str
    """Its builds are found by this name, as those of a profile are."""
    source: str
    distribution: Distribution
    disk: Disk
    used: Used
    """The candidates."""
    limits: tuple[str, ...]
    """Why it cannot be booted; empty where it can."""
    unknown: Mapping[str, str]
    """Properties whose value the disk does not tell, each with the reason."""


def candidates(registry: Registry, distribution: Distribution) -> Used:
    """The foundation and every feature, but for those that only a profile can give parameters.

    Features of another architecture are none.

    Of a Windows, what is known of Windows.
    """
    linux = (FOUNDATION, *(entry.feature for entry in registry.values()))
    named = distribution
    if not re.fullmatch(USER_PATTERN, distribution.default_user):
        named = replace(distribution, default_user=NOBODY)
    found = []
    for feature in (WINDOWS,) if distribution.os_distro == WINDOWS.name else linux:
        if feature.architectures and distribution.architecture not in feature.architectures:
            continue
        try:
            found.append((feature, parameters_of(feature, {}, named)))
        except ValidationError:
            continue
    return tuple(found)


def inspections(used: Used) -> tuple[PlannedCheck, ...]:
    """Those that say something of an image without a profile.

    One that compares the disk with a profile's wishes does so where it is a claim's proof: then the
    wish is what the disk has told.
    """
    proofs = {check for claim in planned_claims(used) for check in claim.proof}
    comparing = {
        check_id(feature, inspection)
        for feature, _ in used
        for inspection in feature.inspections
        if inspection.compares
    }
    planned = planned_checks(used, lambda feature: feature.inspections)
    return tuple(check for check in planned if check.id in proofs or check.id not in comparing)


def plan_to_probe(foreign: ForeignImage, evidence: Iterable[Evidence]) -> Plan:
    """The plan by which it is booted: the claims whose inspections have passed, and their probes.

    Where it cannot be booted, the claims that inspections alone prove, which are present at most.
    """
    return _plan(foreign, _passed(evidence))


def boots_at_most(registry: Registry) -> tuple[Boot, ...]:
    """The boots of an image that has every ability: no other one needs more of its host."""
    distribution = next(iter(DISTRIBUTIONS.values()))
    foreign = ForeignImage(
        name="",
        source="",
        distribution=distribution,
        disk=Disk(),
        used=candidates(registry, distribution),
        limits=(),
        unknown={},
    )
    return _plan(foreign, frozenset(check.id for check in inspections(foreign.used))).boots


def _plan(foreign: ForeignImage, passed: frozenset[str]) -> Plan:
    looked_at = {check.id for check in inspections(foreign.used)}
    refuting = {
        check_id(feature, check)
        for feature, _ in foreign.used
        for check in feature.inspections
        if check.refutes
    }
    claims = []
    for claim in planned_claims(foreign.used):
        at_rest = tuple(check for check in claim.proof if check in looked_at)
        if not passed.issuperset(at_rest) or not claim.proof or _barred(claim, foreign):
            continue
        if not foreign.limits:
            claims.append(claim)
        elif not refuting.issuperset(at_rest):
            claims.append(replace(claim, proof=at_rest, grade=Grade.PRESENT))
    claims = _consistent(claims)
    probes = () if foreign.limits else tuple(_required_probes(foreign.used, claims, passed))
    properties = {claim.property: claim.value for claim in claims}
    named = [probe for probe in named_probes(foreign.used) if probe[0] in probes]
    return Plan(
        profile=foreign.name,
        description=f"adopted from {foreign.source}",
        distribution=foreign.distribution,
        disk=foreign.disk,
        elements=(),
        packages=(),
        environment={},
        argv=(),
        parameters={
            feature.name: values.model_dump(mode="json") for feature, values in foreign.used
        },
        claims=tuple(claims),
        inspections=tuple(check for check in inspections(foreign.used) if check.id in passed),
        probes=tuple(check for check in _probes(foreign.used) if check.id in probes),
        boots=boots(named, properties) if named else (),
        needs={},
    )


def boots_of_rest(plan: Plan, foreign: ForeignImage, came_up: Iterable[str]) -> tuple[Boot, ...]:
    """Boots for the probes that were to be made under a firmware by which the image does not start.

    None where it starts by every firmware that was tried.
    """
    names = set(came_up)
    kept = [boot for boot in plan.boots if boot.name in names]
    started = {boot.machine.firmware for boot in kept}
    lost = {
        probe
        for boot in plan.boots
        if boot.machine.firmware not in started
        for probe in boot.probes
    }.difference(*(boot.probes for boot in kept))
    if not lost or len(started) != 1:
        return ()
    properties = {claim.property: claim.value for claim in plan.claims}
    properties["hw_firmware_type"] = kept[0].machine.firmware
    properties["hw_machine_type"] = kept[0].machine.machine_type
    named = [probe for probe in named_probes(foreign.used) if probe[0] in lost]
    return tuple(replace(boot, name=f"{boot.name}-rest") for boot in boots(named, properties))


def plan_of_evidence(plan: Plan, evidence: Sequence[Evidence], came_up: Iterable[str]) -> Plan:
    """The plan with what the evidence bears out, in the boots that came up."""
    kept = {boot.name for boot in plan.boots} & set(came_up)
    counted = [result for result in evidence if result.boot is None or result.boot in kept]
    passed = _passed(counted)
    claims = [claim for claim in plan.claims if passed.issuperset(claim.proof)]
    firmwares = {boot.machine.firmware for boot in plan.boots if boot.name in kept}
    if len(firmwares) == 1 and FIRMWARE_CHECK in passed:
        claims.append(_only_by(firmwares.pop()))
    claims = _consistent(claims)
    checks = (*plan.inspections, *plan.probes)
    owners = {check.feature for check in checks if check.id in passed} | {
        claim.owner for claim in claims
    }
    return replace(
        plan,
        parameters={name: values for name, values in plan.parameters.items() if name in owners},
        claims=tuple(claims),
        inspections=tuple(check for check in plan.inspections if check.id in passed),
        probes=tuple(check for check in plan.probes if check.id in passed),
        boots=tuple(
            replace(boot, probes=tuple(probe for probe in boot.probes if probe in passed))
            for boot in plan.boots
            if boot.name in kept
        ),
    )


def lacking(
    foreign: ForeignImage, plan: Plan, evidence: Sequence[Evidence]
) -> tuple[UnprovenClaim, ...]:
    """The candidates' claims that the plan has not, each with the reason in a sentence."""
    claimed = {(claim.property, claim.value) for claim in plan.claims}
    properties = {claim.property: claim.value for claim in plan.claims}
    return tuple(
        _lacking(claim, evidence, properties, foreign)
        for claim in planned_claims(foreign.used)
        if (claim.property, claim.value) not in claimed
    )


def _lacking(
    claim: PlannedClaim,
    evidence: Iterable[Evidence],
    properties: Mapping[str, str],
    foreign: ForeignImage,
) -> UnprovenClaim:
    """What failed; else what Nova would object to; else what kept the checks from being made."""
    bad = [
        result
        for result in evidence
        if result.check in claim.proof and result.outcome is not Outcome.PASSED
    ]
    said = [
        f"'{result.title}' {result.outcome}: {result.seen.partition(NEWLINE)[0]}" for result in bad
    ]
    objected = nova_conflicts({**properties, claim.property: claim.value}, {})
    reasons = (
        _barred(claim, foreign)
        or said
        or [conflict.reason for conflict in objected if conflict.name == claim.property]
        or foreign.limits
        or ["none of its checks can be made on this image"]
    )
    return UnprovenClaim(
        property=claim.property,
        value="" if claim.property in foreign.unknown else claim.value,
        owner=claim.owner,
        reason="; ".join(dict.fromkeys(reasons)),
        checks=tuple(dict.fromkeys(result.check for result in bad)),
    )


def _barred(claim: PlannedClaim, foreign: ForeignImage) -> list[str]:
    """Why the claim is not made of this image, whatever its checks see; nothing where it may be."""
    if claim.property in foreign.unknown:
        return [foreign.unknown[claim.property]]
    if restricts(claim.property):
        return [BY_CHOICE]
    return complaints({claim.property: claim.value})


def _passed(evidence: Iterable[Evidence]) -> frozenset[str]:
    """The checks that have passed wherever they were made."""
    outcomes: dict[str, set[Outcome]] = {}
    for result in evidence:
        outcomes.setdefault(result.check, set()).add(result.outcome)
    return frozenset(check for check, found in outcomes.items() if found == {Outcome.PASSED})


def _consistent(claims: list[PlannedClaim]) -> list[PlannedClaim]:
    """The claims without those that Nova would refuse or ignore beside the others."""
    while True:
        properties = {claim.property: claim.value for claim in claims}
        objected = {conflict.name for conflict in nova_conflicts(properties, {})}
        if not objected:
            return claims
        claims = [claim for claim in claims if claim.property not in objected]


def _probes(used: Used) -> tuple[PlannedCheck, ...]:
    return planned_checks(used, lambda feature: feature.probes)


def _required_probes(
    used: Used, claims: Sequence[PlannedClaim], passed: frozenset[str]
) -> Iterator[str]:
    """Probes that prove a claim, those of a feature without claims, and those of the foundation.

    The guest is restarted only where one of the first wants to see it afterwards, and booted on
    other hardware for none of the last.
    """
    needed = {check for claim in claims for check in claim.proof}
    for feature, parameters in used:
        at_rest = {check.id for check in inspections(((feature, parameters),))}
        if at_rest and at_rest <= passed and not feature.claims(parameters):
            needed |= {name for name, _ in named_probes(((feature, parameters),))}
    restarted = any(
        probe.when == "restarted" for name, probe in named_probes(used) if name in needed
    )
    passing = () if restarted else ("restart", "restarted")
    for name, probe in named_probes(used):
        of_foundation = name.startswith(f"{FOUNDATION.name}/") and probe.machine is None
        of_foundation = of_foundation and probe.when not in passing
        if name in needed or of_foundation:
            yield name


def _only_by(firmware: str) -> PlannedClaim:
    return PlannedClaim(
        property="hw_firmware_type",
        value=firmware,
        promise=f"the guest is started by {firmware.upper()}, and by no other firmware",
        owner=FOUNDATION.name,
        grade=Grade.EXERCISED,
        proof=(FIRMWARE_CHECK,),
    )
