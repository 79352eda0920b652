"""What an image that was built elsewhere can be said to do: a plan made of the checks it passes.

Pure. No profile says what such an image is for, so every feature is a candidate with its defaults:
inspections tell which claims are worth a boot, and probes which of them hold.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from builder.distribution import DISTRIBUTIONS, Distribution
from builder.feature import Grade, Outcome
from builder.features.combination import Used
from builder.features.registry import FOUNDATION, WINDOWS, Registry, parameters_of
from builder.nova.conflicts import nova_conflicts
from builder.nova.properties import restricts
from builder.plan.boots import Boot, boots
from builder.plan.merge import check_id, named_probes, planned_checks, planned_claims
from builder.plan.model import Plan, PlannedCheck, PlannedClaim
from builder.profile.model import Disk
from builder.store.manifest import Evidence, UnprovenClaim

NEWLINE = "\n"
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


def candidates(registry: Registry, distribution: Distribution) -> Used:
    """The foundation and every feature, but for those that only a profile can give parameters.

    Of a Windows, what is known of Windows.
    """
    linux = (FOUNDATION, *(one.feature for one in registry.values()))
    found = []
    for feature in (WINDOWS,) if distribution.os_distro == WINDOWS.name else linux:
        try:
            found.append((feature, parameters_of(feature, {}, distribution)))
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
        check_id(feature, one) for feature, _ in used for one in feature.inspections if one.compares
    }
    planned = planned_checks(used, lambda feature: feature.inspections)
    return tuple(one for one in planned if one.id in proofs or one.id not in comparing)


def plan_to_probe(adoptee: ForeignImage, evidence: Iterable[Evidence]) -> Plan:
    """The plan by which it is booted: the claims whose inspections have passed, and their probes.

    Where it cannot be booted, the claims that inspections alone prove, which are present at most.
    """
    return _plan(adoptee, _passed(evidence))


def boots_at_most(registry: Registry) -> tuple[Boot, ...]:
    """The boots of an image that has every ability: no other one needs more of its host."""
    distribution = next(iter(DISTRIBUTIONS.values()))
    adoptee = ForeignImage(
        name="",
        source="",
        distribution=distribution,
        disk=Disk(),
        used=candidates(registry, distribution),
        limits=(),
    )
    return _plan(adoptee, frozenset(one.id for one in inspections(adoptee.used))).boots


def _plan(adoptee: ForeignImage, passed: frozenset[str]) -> Plan:
    looked_at = {one.id for one in inspections(adoptee.used)}
    claims = []
    for claim in planned_claims(adoptee.used):
        at_rest = tuple(check for check in claim.proof if check in looked_at)
        if not passed.issuperset(at_rest) or not claim.proof or restricts(claim.property):
            continue
        if not adoptee.limits:
            claims.append(claim)
        elif at_rest:
            claims.append(replace(claim, proof=at_rest, grade=Grade.PRESENT))
    claims = _consistent(claims)
    probes = () if adoptee.limits else tuple(_required_probes(adoptee.used, claims, passed))
    properties = {claim.property: claim.value for claim in claims}
    named = [one for one in named_probes(adoptee.used) if one[0] in probes]
    return Plan(
        profile=adoptee.name,
        description=f"adopted from {adoptee.source}",
        distribution=adoptee.distribution,
        disk=adoptee.disk,
        elements=(),
        packages=(),
        environment={},
        argv=(),
        parameters={one.name: values.model_dump(mode="json") for one, values in adoptee.used},
        claims=tuple(claims),
        inspections=tuple(one for one in inspections(adoptee.used) if one.id in passed),
        probes=tuple(one for one in _probes(adoptee.used) if one.id in probes),
        boots=boots(named, properties) if named else (),
        flavor={},
        host=(),
    )


def boots_of_rest(plan: Plan, adoptee: ForeignImage, came_up: Iterable[str]) -> tuple[Boot, ...]:
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
    named = [one for one in named_probes(adoptee.used) if one[0] in lost]
    return tuple(replace(boot, name=f"{boot.name}-rest") for boot in boots(named, properties))


def plan_of_evidence(plan: Plan, evidence: Sequence[Evidence], came_up: Iterable[str]) -> Plan:
    """The plan with what the evidence bears out, in the boots that came up."""
    kept = {boot.name for boot in plan.boots} & set(came_up)
    made = [one for one in evidence if one.boot is None or one.boot in kept]
    passed = _passed(made)
    claims = [claim for claim in plan.claims if passed.issuperset(claim.proof)]
    firmwares = {boot.machine.firmware for boot in plan.boots if boot.name in kept}
    if len(firmwares) == 1 and FIRMWARE_CHECK in passed:
        claims.append(_only_by(firmwares.pop()))
    claims = _consistent(claims)
    checks = (*plan.inspections, *plan.probes)
    owners = {one.feature for one in checks if one.id in passed} | {one.owner for one in claims}
    return replace(
        plan,
        parameters={name: values for name, values in plan.parameters.items() if name in owners},
        claims=tuple(claims),
        inspections=tuple(one for one in plan.inspections if one.id in passed),
        probes=tuple(one for one in plan.probes if one.id in passed),
        boots=tuple(
            replace(boot, probes=tuple(one for one in boot.probes if one in passed))
            for boot in plan.boots
            if boot.name in kept
        ),
    )


def lacking(
    adoptee: ForeignImage, plan: Plan, evidence: Sequence[Evidence]
) -> tuple[UnprovenClaim, ...]:
    """The candidates' claims that the plan has not, each with the reason in a sentence."""
    claimed = {(one.property, one.value) for one in plan.claims}
    properties = {one.property: one.value for one in plan.claims}
    return tuple(
        _lacking(claim, evidence, properties, adoptee.limits)
        for claim in planned_claims(adoptee.used)
        if (claim.property, claim.value) not in claimed
    )


def _lacking(
    claim: PlannedClaim,
    evidence: Iterable[Evidence],
    properties: Mapping[str, str],
    limits: Sequence[str],
) -> UnprovenClaim:
    """What failed; else what Nova would object to; else what kept the checks from being made."""
    bad = [
        one for one in evidence if one.check in claim.proof and one.outcome is not Outcome.PASSED
    ]
    said = [f"'{one.title}' {one.outcome}: {one.seen.partition(NEWLINE)[0]}" for one in bad]
    objected = nova_conflicts({**properties, claim.property: claim.value}, {})
    reasons = (
        ([BY_CHOICE] if restricts(claim.property) else [])
        or said
        or [one.reason for one in objected if one.name == claim.property]
        or limits
        or ["none of its checks can be made on this image"]
    )
    return UnprovenClaim(
        property=claim.property,
        value=claim.value,
        owner=claim.owner,
        reason="; ".join(dict.fromkeys(reasons)),
        checks=tuple(dict.fromkeys(one.check for one in bad)),
    )


def _passed(evidence: Iterable[Evidence]) -> frozenset[str]:
    """The checks that have passed wherever they were made."""
    outcomes: dict[str, set[Outcome]] = {}
    for one in evidence:
        outcomes.setdefault(one.check, set()).add(one.outcome)
    return frozenset(check for check, found in outcomes.items() if found == {Outcome.PASSED})


def _consistent(claims: list[PlannedClaim]) -> list[PlannedClaim]:
    """The claims without those that Nova would refuse or ignore beside the others."""
    while True:
        properties = {claim.property: claim.value for claim in claims}
        objected = {one.name for one in nova_conflicts(properties, {})}
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
        at_rest = {one.id for one in inspections(((feature, parameters),))}
        if at_rest and at_rest <= passed and not feature.claims(parameters):
            needed |= {name for name, _ in named_probes(((feature, parameters),))}
    restarted = any(one.when == "restarted" for name, one in named_probes(used) if name in needed)
    passing = () if restarted else ("restart", "restarted")
    for name, one in named_probes(used):
        of_foundation = name.startswith(f"{FOUNDATION.name}/") and one.machine is None
        of_foundation = of_foundation and one.when not in passing
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
