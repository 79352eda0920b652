"""Why a build may not be published, or which of its claims may be. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from builder.errors import BuilderError
from builder.feature import Grade, Outcome
from builder.nova.conflicts import nova_conflicts
from builder.plan.model import PlannedClaim
from builder.store.manifest import Manifest
from builder.store.sections import Evidence
from builder.store.verdict import ORDER, ClaimVerdict, Expected, expected, judge
from builder.words import shortened, span

CLOCK_SKEW = timedelta(minutes=5)
"""How far clocks of the machines that prove and publish may differ."""


@dataclass(frozen=True)
class Waivers:
    """What the publisher gave up of a complete proof."""

    allow_present: bool = False
    """Claims that need a probe stand on their inspections alone."""
    drop_unproven: bool = False
    """Claims without proof are left out of the image's properties."""


@dataclass(frozen=True)
class Admission:
    """What of a build may be published."""

    claims: tuple[PlannedClaim, ...]
    """Those whose properties the image gets."""
    on_inspection: tuple[str, ...]
    """Properties that stand on inspections alone, though they need a probe."""
    dropped: tuple[str, ...]
    """Properties that the image does not get."""
    unchecked: tuple[str, ...] = ()
    """Probes that were skipped or not made, and let through."""
    observed: tuple[str, ...] = ()
    """Properties that a server of a real Nova has shown."""
    stale: str = ""
    """Why the evidence is too old for an upload; empty where it is not."""

    @property
    def tags(self) -> tuple[str, ...]:
        """The concessions as the image's tags tell them."""
        return (
            *(("allowed-present",) if self.on_inspection or self.unchecked else ()),
            *(f"dropped-{name}" for name in self.dropped),
        )


class Refused(BuilderError):
    """A build that may not be published; ``details`` are the reasons."""


def admit(build: Manifest, waivers: Waivers, *, now: datetime, max_age: timedelta) -> Admission:
    """Judge a build by its evidence.

    Raises ``Refused`` with every reason: evidence that is missing, failed, of another file, or
    weaker than the claims need. That it is older than ``max_age`` refuses an upload only, by
    ``require_young``.
    """
    plan, evidence = build.planned(), build.valid_evidence()
    verdict = judge(plan, evidence, build.valid_observations())
    kept = [claim_verdict for claim_verdict in verdict.claims if _reaches(claim_verdict, waivers)]
    dropped = [claim_verdict for claim_verdict in verdict.claims if claim_verdict not in kept]
    orphans = _orphans(
        {claim_verdict.claim.property: claim_verdict.claim.value for claim_verdict in kept},
        plan.flavor,
    )
    if waivers.drop_unproven:
        dropped += [
            claim_verdict for claim_verdict in kept if claim_verdict.claim.property in orphans
        ]
        kept = [
            claim_verdict for claim_verdict in kept if claim_verdict.claim.property not in orphans
        ]
        reasons = []
    else:
        reasons = [_weakness(claim_verdict) for claim_verdict in dropped]
    excused = _proof(dropped) - _proof(kept) if waivers.drop_unproven else frozenset()
    results = {Expected(result.check, result.boot): result for result in evidence}
    wanted = [expectation for expectation in expected(plan) if expectation.check not in excused]
    reasons += _void(build)
    let_through = {
        expectation for expectation in wanted if _let_through(expectation, results, waivers)
    }
    reasons += _unmet(
        [expectation for expectation in wanted if expectation not in let_through], results
    )
    counting = [results[expectation] for expectation in wanted if expectation in results]
    reasons += _from_the_future(counting, now)
    stale = _stale(counting, now, max_age)
    if reasons:
        raise _refused(build, [*reasons, *filter(None, [stale])])
    return Admission(
        claims=tuple(claim_verdict.claim for claim_verdict in kept),
        on_inspection=tuple(
            claim_verdict.claim.property for claim_verdict in kept if not claim_verdict.proven
        ),
        dropped=tuple(sorted(claim_verdict.claim.property for claim_verdict in dropped)),
        unchecked=tuple(sorted({expectation.check for expectation in let_through})),
        observed=tuple(
            sorted(
                claim_verdict.claim.property
                for claim_verdict in kept
                if claim_verdict.grade is Grade.OBSERVED
            )
        ),
        stale=stale,
    )


def require_young(build: Manifest, admission: Admission) -> None:
    """Raise ``Refused`` where the evidence is too old for an upload."""
    if admission.stale:
        raise _refused(build, [admission.stale])


def _refused(build: Manifest, reasons: Sequence[str]) -> Refused:
    profile = build.planned().profile
    return Refused(
        f"Build {build.build} of {profile} is not published: its evidence does not allow it.",
        details=shortened(dict.fromkeys(reasons)),
        hint=f"Prove it: guest-image prove {profile}. What is proven less well goes with --allow"
        " present or without the property by --drop-unproven.",
    )


def _reaches(verdict: ClaimVerdict, waivers: Waivers) -> bool:
    if verdict.proven or verdict.refuted:
        return verdict.proven
    present = ORDER.index(verdict.grade) >= ORDER.index(Grade.PRESENT)
    return waivers.allow_present and present


def _orphans(properties: Mapping[str, str], flavor: Mapping[str, str]) -> set[str]:
    """Properties that Nova would refuse or ignore because their partner was dropped."""
    return {conflict.name for conflict in nova_conflicts(properties, flavor)} & set(properties)


def _proof(claims: Iterable[ClaimVerdict]) -> frozenset[str]:
    return frozenset(check for claim_verdict in claims for check in claim_verdict.claim.proof)


def _weakness(verdict: ClaimVerdict) -> str:
    claim = verdict.claim
    if verdict.refuted:
        return f"{claim.property}={claim.value} is refuted: {' '.join(verdict.seen.split())}"
    return (
        f"{claim.property}={claim.value} is {verdict.grade}, and must be {claim.grade}: "
        f"{' '.join(verdict.seen.split())}"
    )


def _void(build: Manifest) -> list[str]:
    others = {result.image_sha256 for result in build.evidence} - {build.image.sha256}
    return [
        f"There is evidence of another file (sha256 {sha256[:12]}…); this one is "
        f"{build.image.sha256[:12]}…."
        for sha256 in sorted(others)
        if not build.valid_evidence()
    ]


def _let_through(
    expectation: Expected, results: Mapping[Expected, Evidence], waivers: Waivers
) -> bool:
    """Whether a probe has no result, and needs none by the waivers."""
    was_made = expectation in results and results[expectation].outcome is not Outcome.SKIPPED
    return waivers.allow_present and expectation.boot is not None and not was_made


def _unmet(wanted: Sequence[Expected], results: Mapping[Expected, Evidence]) -> list[str]:
    reasons, missing = [], []
    for expectation in wanted:
        result = results.get(expectation)
        if result is None:
            missing.append(expectation)
        elif result.outcome is not Outcome.PASSED:
            where = f" in boot {expectation.boot}" if expectation.boot else ""
            seen = " ".join(result.seen.split())
            reasons.append(f"{result.outcome}: {expectation.check}{where}: {seen}")
    if missing:
        first = missing[0]
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        where = f" in boot {first.boot}" if first.boot else ""
        reasons.append(f"Not checked: {first.check}{where}{more}.")
    return reasons


def _stale(evidence: Sequence[Evidence], now: datetime, max_age: timedelta) -> str:
    oldest = min(evidence, key=lambda result: result.at, default=None)
    if oldest is None or now - oldest.at <= max_age:
        return ""
    return (
        f"The evidence is from {oldest.at:%Y-%m-%d %H:%M} UTC ({oldest.check}): older than"
        f" {span(max_age)}."
    )


def _from_the_future(evidence: Sequence[Evidence], now: datetime) -> list[str]:
    newest = max(evidence, key=lambda result: result.at, default=None)
    if newest is None or newest.at - now <= CLOCK_SKEW:
        return []
    reason = (
        f"The evidence is from the future, {newest.at:%Y-%m-%d %H:%M} UTC ({newest.check}):"
        f" the clock here says {now:%Y-%m-%d %H:%M}. One of the clocks is wrong."
    )
    return [reason]
