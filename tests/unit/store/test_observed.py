"""What real Novas have shown: how long it counts, and what it makes of a claim."""

from dataclasses import replace
from pathlib import Path

import pytest
from samples import OTHER_SHA256, complete, manifest, observed, plan

from builder.feature import Grade, Outcome
from builder.store import manifest as store
from builder.store.manifest import Manifest
from builder.store.sections import Observed
from builder.store.verdict import ClaimVerdict, judge, verdict_of

PLAN = plan("pinned-scsi")
BUS = "hw_disk_bus"


def proven() -> Manifest:
    return manifest(PLAN).with_evidence(complete(PLAN))


def claim(build: Manifest) -> ClaimVerdict:
    return next(verdict for verdict in verdict_of(build).claims if verdict.claim.property == BUS)


def outcomes(build: Manifest) -> list[tuple[str, str, Outcome]]:
    return [(result.check, result.cloud, result.outcome) for result in build.observations]


def test_a_proven_claim_that_a_server_shows_is_observed() -> None:
    results = [observed("first", BUS, seen="one"), observed("second", BUS, seen="two")]
    found = claim(proven().with_observations(results))
    assert (found.grade, found.proven, found.seen) == (Grade.OBSERVED, True, "two")
    others = verdict_of(proven().with_observations(results)).claims
    assert {verdict.grade for verdict in others if verdict.claim.property != BUS} == {
        Grade.EXERCISED
    }


def test_a_claim_that_is_not_proven_is_not_raised() -> None:
    found = claim(manifest(PLAN).with_observations([observed("first", BUS)]))
    assert (found.grade, found.proven) == (Grade.DECLARED, False)


def test_a_claim_that_nothing_can_prove_stays_declared() -> None:
    promise = replace(PLAN.claims[0], proof=(), grade=Grade.DECLARED)
    shown = observed("first", promise.property)
    (found,) = judge(replace(PLAN, claims=(promise,)), complete(PLAN), [shown]).claims
    assert (found.grade, found.proven) == (Grade.DECLARED, False)


def test_one_server_that_shows_the_contrary_takes_the_proof_back() -> None:
    results = [
        observed("first", BUS),
        observed("second", BUS, outcome=Outcome.FAILED, seen="it is vda"),
    ]
    build = proven().with_observations(results)
    found = claim(build)
    assert (found.proven, found.seen) == (False, "in prod failed: it is vda")
    assert not verdict_of(build).complete


def test_what_can_only_refute_a_claim_does_not_raise_it() -> None:
    weak = observed("first", BUS, refutes=True)
    assert claim(proven().with_observations([weak])).grade is Grade.EXERCISED
    broken = observed("first", BUS, refutes=True, outcome=Outcome.FAILED)
    assert not claim(proven().with_observations([broken])).proven


@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.ERROR])
def test_what_a_cloud_cannot_show_changes_nothing(outcome: Outcome) -> None:
    found = claim(proven().with_observations([observed("first", BUS, outcome=outcome)]))
    assert (found.grade, found.proven) == (Grade.EXERCISED, True)


def test_what_says_something_of_the_cloud_alone_refutes_no_claim() -> None:
    build = proven().with_observations([observed("soft-delete", outcome=Outcome.FAILED)])
    assert verdict_of(build).complete


def test_an_observation_of_another_file_is_void() -> None:
    build = proven().with_observations([observed("first", BUS, sha256=OTHER_SHA256)])
    assert claim(build).grade is Grade.EXERCISED


def test_the_newest_of_a_check_and_a_cloud_counts() -> None:
    build = proven().with_observations([observed("first", BUS, outcome=Outcome.FAILED)])
    build = build.with_observations([observed("first", BUS), observed("first", BUS, cloud="test")])
    assert outcomes(build) == [
        ("first", "prod", Outcome.PASSED), ("first", "test", Outcome.PASSED),
    ]  # fmt: skip


def test_what_could_not_be_shown_again_stays_shown() -> None:
    skipped = observed("first", BUS, outcome=Outcome.SKIPPED)
    build = proven().with_observations([observed("first", BUS)]).with_observations([skipped])
    assert outcomes(build) == [("first", "prod", Outcome.PASSED)]
    void = proven().with_observations([observed("first", BUS, sha256=OTHER_SHA256)])
    assert outcomes(void.with_observations([skipped])) == [("first", "prod", Outcome.SKIPPED)]


def test_it_survives_the_file(tmp_path: Path) -> None:
    build = proven().with_observations([observed("first", BUS, seen="\x1b[31m ümlaut")])
    store.write(tmp_path, build)
    assert store.read(tmp_path) == build
    assert isinstance(store.read(tmp_path).observations[0], Observed)
