"""Why a build may not be published, or which of its claims may be. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from builder.errors import BuilderError
from builder.feature import Grade, Outcome
from builder.nova.conflicts import nova_conflicts
from builder.plan.model import PlannedClaim
from builder.store.manifest import Evidence, Manifest
from builder.store.verdict import ORDER, ClaimVerdict, Expected, expected, judge
from builder.words import counted

CLOCK_SKEW = timedelta(minutes=5)
"""How far clocks of the machines that prove and publish may differ."""
_SHOWN = 12


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


def admit(build: Manifest, concession: Waivers, *, now: datetime, max_age: timedelta) -> Admission:
    """Judge a build by its evidence.

    Raises ``Refused`` with every reason: evidence that is missing, failed, of another file, or
    weaker than the claims need. That it is older than ``max_age`` refuses an upload only, by
    ``require_young``.
    """
    plan, evidence = build.planned(), build.valid_evidence()
    verdict = judge(plan, evidence)
    kept = [one for one in verdict.claims if _reaches(one, concession)]
    dropped = [one for one in verdict.claims if one not in kept]
    orphans = _orphans({one.claim.property: one.claim.value for one in kept}, plan.flavor)
    if concession.drop_unproven:
        dropped += [one for one in kept if one.claim.property in orphans]
        kept = [one for one in kept if one.claim.property not in orphans]
        reasons = []
    else:
        reasons = [_weakness(one) for one in dropped]
    excused = _proof(dropped) - _proof(kept) if concession.drop_unproven else frozenset()
    results = {Expected(one.check, one.boot): one for one in evidence}
    wanted = [one for one in expected(plan) if one.check not in excused]
    reasons += _void(build)
    let_through = {one for one in wanted if _let_through(one, results, concession)}
    reasons += _unmet([one for one in wanted if one not in let_through], results)
    counting = [results[one] for one in wanted if one in results]
    reasons += _from_the_future(counting, now)
    stale = _stale(counting, now, max_age)
    if reasons:
        raise _refused(build, [*reasons, *filter(None, [stale])])
    return Admission(
        claims=tuple(one.claim for one in kept),
        on_inspection=tuple(one.claim.property for one in kept if not one.proven),
        dropped=tuple(sorted(one.claim.property for one in dropped)),
        unchecked=tuple(sorted({one.check for one in let_through})),
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
        details=_shortened(reasons),
        hint=f"Prove it: guest-image prove {profile}. What is proven less well goes with --allow"
        " present or without the property by --drop-unproven.",
    )


def _reaches(verdict: ClaimVerdict, concession: Waivers) -> bool:
    if verdict.proven:
        return True
    present = ORDER.index(verdict.grade) >= ORDER.index(Grade.PRESENT)
    return concession.allow_present and present


def _orphans(properties: Mapping[str, str], flavor: Mapping[str, str]) -> set[str]:
    """Properties that Nova would refuse or ignore because their partner was dropped."""
    return {one.name for one in nova_conflicts(properties, flavor)} & set(properties)


def _proof(claims: Iterable[ClaimVerdict]) -> frozenset[str]:
    return frozenset(check for one in claims for check in one.claim.proof)


def _weakness(one: ClaimVerdict) -> str:
    claim = one.claim
    return (
        f"{claim.property}={claim.value} is {one.grade}, and must be {claim.grade}: "
        f"{' '.join(one.seen.split())}"
    )


def _void(build: Manifest) -> list[str]:
    others = {one.image_sha256 for one in build.evidence} - {build.image.sha256}
    return [
        f"There is evidence of another file (sha256 {one[:12]}…); this one is "
        f"{build.image.sha256[:12]}…."
        for one in sorted(others)
        if not build.valid_evidence()
    ]


def _let_through(one: Expected, results: Mapping[Expected, Evidence], concession: Waivers) -> bool:
    """Whether a probe has no result, and needs none by the concession."""
    made = one in results and results[one].outcome is not Outcome.SKIPPED
    return concession.allow_present and one.boot is not None and not made


def _unmet(wanted: Sequence[Expected], results: Mapping[Expected, Evidence]) -> list[str]:
    reasons, missing = [], []
    for one in wanted:
        result = results.get(one)
        if result is None:
            missing.append(one)
        elif result.outcome is not Outcome.PASSED:
            where = f" in boot {one.boot}" if one.boot else ""
            seen = " ".join(result.seen.split())
            reasons.append(f"{result.outcome}: {one.check}{where}: {seen}")
    if missing:
        first = missing[0]
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        where = f" in boot {first.boot}" if first.boot else ""
        reasons.append(f"Not checked: {first.check}{where}{more}.")
    return reasons


def _stale(evidence: Sequence[Evidence], now: datetime, max_age: timedelta) -> str:
    oldest = min(evidence, key=lambda one: one.at, default=None)
    if oldest is None or now - oldest.at <= max_age:
        return ""
    return (
        f"The evidence is from {oldest.at:%Y-%m-%d %H:%M} UTC ({oldest.check}): older than"
        f" {_span(max_age)}."
    )


def _from_the_future(evidence: Sequence[Evidence], now: datetime) -> list[str]:
    newest = max(evidence, key=lambda one: one.at, default=None)
    if newest is None or newest.at - now <= CLOCK_SKEW:
        return []
    reason = (
        f"The evidence is from the future, {newest.at:%Y-%m-%d %H:%M} UTC ({newest.check}):"
        f" the clock here says {now:%Y-%m-%d %H:%M}. One of the clocks is wrong."
    )
    return [reason]


def _span(age: timedelta) -> str:
    days, hours = age / timedelta(days=1), age / timedelta(hours=1)
    return counted(days, "day") if days >= 1 else counted(hours, "hour")


def _shortened(reasons: Sequence[str]) -> list[str]:
    unique = list(dict.fromkeys(reasons))
    more = len(unique) - _SHOWN
    return [*unique[:_SHOWN], *([f"… and {more} more reasons"] if more > 0 else [])]
