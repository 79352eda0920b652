"""What the evidence says: the grade of each claim, and whether the image is proven.

Nothing is proven of an image that has not been booted, however many inspections it passes. What a
real Nova has shown raises a claim that is proven to the highest grade, or takes it back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from builder.feature import Grade, Outcome
from builder.plan.model import Plan, PlannedClaim
from builder.store.manifest import Manifest
from builder.store.sections import Evidence, Observed

ORDER = tuple(Grade)
"""Grades, weakest first."""


@dataclass(frozen=True)
class Expected:
    """One result that the plan asks for: a check, and for a probe the boot it is made in."""

    check: str
    boot: str | None


@dataclass(frozen=True)
class ClaimVerdict:
    """A claim, the grade that the evidence gives it, and what was seen."""

    claim: PlannedClaim
    grade: Grade
    seen: str
    refuted: tuple[Observed, ...] = ()
    """What a real Nova has shown to the contrary."""

    @property
    def proven(self) -> bool:
        """Whether the grade is the one that the claim needs, or better; never without proof."""
        reached = ORDER.index(self.grade) >= ORDER.index(self.claim.grade)
        return bool(self.claim.proof) and reached and not self.refuted


@dataclass(frozen=True)
class Verdict:
    """All claims, and the checks that did not pass whoever's claim they belong to."""

    claims: tuple[ClaimVerdict, ...]
    problems: tuple[Evidence, ...]
    missing: tuple[Expected, ...]
    booted: bool
    """Whether the plan has boots: an image that nothing gets into is only inspected."""

    @property
    def complete(self) -> bool:
        """Whether every claim has the grade it needs, and every planned check has passed."""
        return (
            not self.problems
            and not self.missing
            and all(claim_verdict.proven for claim_verdict in self.claims)
        )

    @property
    def proven(self) -> bool:
        """Whether it is complete, and by a running guest."""
        return self.complete and self.booted


def expected(plan: Plan) -> tuple[Expected, ...]:
    """Every result that a complete proof has."""
    return (
        *(Expected(check.id, None) for check in plan.inspections),
        *(Expected(probe, boot.name) for boot in plan.boots for probe in boot.probes),
    )


def verdict_of(build: Manifest) -> Verdict:
    """The verdict by the build's own, valid evidence."""
    return judge(build.planned(), build.valid_evidence(), build.valid_observations())


@dataclass(frozen=True)
class PartVerdict:
    """What came of a part of a build's checks, whatever the others say."""

    evidence: tuple[Evidence, ...]
    passed: bool
    """Whether each of them was made, and passed."""


def part_verdict(part: Plan, evidence: Iterable[Evidence]) -> PartVerdict:
    """The verdict on the checks that a part of a plan has; other evidence counts for nothing."""
    wanted = set(expected(part))
    of_part = {Expected(result.check, result.boot): result for result in evidence}
    results = tuple(result for key, result in of_part.items() if key in wanted)
    passed = {key for key, result in of_part.items() if result.outcome is Outcome.PASSED}
    return PartVerdict(results, passed=wanted <= passed)


def judge(
    plan: Plan, evidence: Iterable[Evidence], observations: Sequence[Observed] = ()
) -> Verdict:
    """Judge the plan's claims by evidence of one image, which must be valid for it."""
    results = {Expected(result.check, result.boot): result for result in evidence}
    wanted = expected(plan)
    found = [results[expectation] for expectation in wanted if expectation in results]
    return Verdict(
        claims=tuple(
            _with_observations(_judge_claim(claim, wanted, results), observations)
            for claim in plan.claims
        ),
        problems=tuple(result for result in found if result.outcome is not Outcome.PASSED),
        missing=tuple(expectation for expectation in wanted if expectation not in results),
        booted=bool(plan.boots),
    )


def _judge_claim(
    claim: PlannedClaim, wanted: Sequence[Expected], results: dict[Expected, Evidence]
) -> ClaimVerdict:
    proof = [expectation for expectation in wanted if expectation.check in claim.proof]
    found = [results[expectation] for expectation in proof if expectation in results]
    bad = [result for result in found if result.outcome is not Outcome.PASSED]
    inspections = [expectation for expectation in proof if expectation.boot is None]

    def passed(part: Sequence[Expected]) -> bool:
        return bool(part) and all(
            expectation in results and results[expectation].outcome is Outcome.PASSED
            for expectation in part
        )

    if passed(proof) and {expectation.check for expectation in proof} == set(claim.proof):
        grade = claim.grade
    elif passed(inspections):
        grade = Grade.PRESENT
    else:
        grade = Grade.DECLARED
    if bad:
        seen = "; ".join(dict.fromkeys(f"{result.outcome}: {result.seen}" for result in bad))
    elif found:
        # The last proof of a claim is its strongest: probes stand behind inspections.
        seen = max(
            found, key=lambda result: (result.kind == "probe", claim.proof.index(result.check))
        ).seen
    else:
        seen = "not checked"
    return ClaimVerdict(claim, grade, seen)


def _with_observations(verdict: ClaimVerdict, observations: Sequence[Observed]) -> ClaimVerdict:
    """The verdict on a claim, with what real Novas have shown of it; the last is the strongest."""
    of_claim = [result for result in observations if verdict.claim.property in result.properties]
    refuted = tuple(result for result in of_claim if result.outcome is Outcome.FAILED)
    passed = [
        result for result in of_claim if result.outcome is Outcome.PASSED and not result.refutes
    ]
    if refuted:
        seen = "; ".join(f"in {result.cloud} {result.outcome}: {result.seen}" for result in refuted)
        return replace(verdict, seen=seen, refuted=refuted)
    if passed and verdict.proven:
        return replace(verdict, grade=Grade.OBSERVED, seen=passed[-1].seen)
    return verdict
