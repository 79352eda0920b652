"""What a proof has shown, claim by claim: in-toto's test results."""

from collections.abc import Iterator, Sequence

from builder.attest.canonical import section_digests
from builder.attest.provenance import SECTION
from builder.attest.statement import TEST_RESULT, Json, descriptor, statement
from builder.feature import Outcome
from builder.store.manifest import Manifest
from builder.store.sections import BootRecord, Evidence, Observed

_BAD = (Outcome.FAILED, Outcome.ERROR)


def proof_results(
    build: Manifest, evidence: Sequence[Evidence], boots: Sequence[BootRecord]
) -> Iterator[Json]:
    """A statement for each claim that the evidence is about, and one for what is no claim's."""
    claims, configuration = build.planned().claims, _configuration(build)
    parts: list[tuple[Json, list[Evidence]]] = [
        (
            {"property": claim.property, "value": claim.value},
            [result for result in evidence if result.check in claim.proof],
        )
        for claim in claims
    ]
    of_claims = {check for claim in claims for check in claim.proof}
    parts.append(({}, [result for result in evidence if result.check not in of_claims]))
    for claimed, own in parts:
        if own:
            predicate = _proof_result(own, boots, claimed)
            yield statement(build.image, TEST_RESULT, {**configuration, **predicate})


def observation_results(build: Manifest, observations: Sequence[Observed]) -> Json:
    """A statement of what a server on a real Nova has shown."""
    tests = [
        (f"{observation.check} in {observation.cloud}", observation.outcome)
        for observation in observations
    ]
    records = [observation.model_dump(mode="json") for observation in observations]
    return statement(
        build.image,
        TEST_RESULT,
        {**_configuration(build), **_outcome(tests), "guestimage_observations": records},
    )


def _configuration(build: Manifest) -> Json:
    """What the tests were chosen by: the plan."""
    return {"configuration": [descriptor(f"{SECTION}plan", section_digests(build)["plan"])]}


def _proof_result(evidence: Sequence[Evidence], boots: Sequence[BootRecord], claimed: Json) -> Json:
    tests = [
        (f"{result.check} in {result.boot}" if result.boot else result.check, result.outcome)
        for result in evidence
    ]
    booted = {result.boot for result in evidence}
    return {
        **_outcome(tests),
        "guestimage_claim": claimed,
        "guestimage_evidence": [result.model_dump(mode="json") for result in evidence],
        "guestimage_boots": [boot.model_dump(mode="json") for boot in boots if boot.name in booted],
    }


def _outcome(tests: Sequence[tuple[str, Outcome]]) -> Json:
    """in-toto's own part. A check that was skipped warns: it has shown nothing."""
    failed = [name for name, outcome in tests if outcome in _BAD]
    warned = [name for name, outcome in tests if outcome is Outcome.SKIPPED]
    return {
        "result": "FAILED" if failed else "WARNED" if warned else "PASSED",
        "passedTests": [name for name, outcome in tests if outcome is Outcome.PASSED],
        "warnedTests": warned,
        "failedTests": failed,
    }
