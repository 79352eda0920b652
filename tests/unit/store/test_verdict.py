from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import complete, evidence, plan

from builder.distribution import DISTRIBUTIONS
from builder.feature import Grade, Machine, Outcome
from builder.plan.boots import Boot
from builder.plan.model import Plan, PlannedCheck, PlannedClaim
from builder.profile.model import Disk
from builder.store.sections import Evidence
from builder.store.verdict import Expected, Verdict, expected, judge, part_verdict

BOOTS = ("bios", "uefi")
INSPECTIONS = ("disk/first", "disk/second")
PROBES = ("guest/first", "guest/second")
RESULTS = (*Outcome, None)
"""None: the check was not made."""


def planned(*claims: PlannedClaim, probes: tuple[str, ...] = PROBES) -> Plan:
    checks = {
        name: PlannedCheck(name, "feature", f"{name} holds") for name in (*INSPECTIONS, *PROBES)
    }
    return Plan(
        profile="sample",
        description="",
        distribution=DISTRIBUTIONS["debian-12"],
        disk=Disk(),
        elements=(),
        packages=(),
        environment={},
        argv=(),
        parameters={},
        claims=claims,
        inspections=tuple(checks[name] for name in INSPECTIONS),
        probes=tuple(checks[name] for name in probes),
        boots=tuple(Boot(name, Machine(), probes) for name in BOOTS),
        needs={},
    )


def claim(*proof: str, grade: Grade | None = None) -> PlannedClaim:
    probed = any(name in PROBES for name in proof)
    fitting = Grade.EXERCISED if probed else Grade.PRESENT
    return PlannedClaim("hw_disk_bus", "scsi", "it is so", "feature", grade or fitting, proof)


def results(found: dict[Expected, Outcome | None]) -> tuple[Evidence, ...]:
    return tuple(
        evidence(check.check, outcome, boot=check.boot)
        for check, outcome in found.items()
        if outcome is not None
    )


def with_outcome(of: Plan, check: Expected, outcome: Outcome | None) -> Verdict:
    """The verdict where all checks but one have passed."""
    passed: dict[Expected, Outcome | None] = dict.fromkeys(expected(of), Outcome.PASSED)
    return judge(of, results(passed | {check: outcome}))


# ---- what is expected


def test_inspections_are_expected_once_and_probes_in_every_boot() -> None:
    assert set(expected(planned())) == {
        *(Expected(name, None) for name in INSPECTIONS),
        *(Expected(name, boot) for name in PROBES for boot in BOOTS),
    }


# ---- one claim


def test_a_claim_whose_whole_proof_passed_is_proven() -> None:
    of = planned(claim(INSPECTIONS[0], PROBES[0]))
    (verdict,) = judge(of, complete(of)).claims
    assert (verdict.proven, verdict.grade) == (True, Grade.EXERCISED)


@pytest.mark.parametrize("results_of_both_boots", list(product(RESULTS, RESULTS)))
def test_a_probed_claim_is_proven_only_if_the_probe_passed_in_both_boots(
    results_of_both_boots: tuple[Outcome | None, Outcome | None],
) -> None:
    of = planned(claim(INSPECTIONS[0], PROBES[0]))
    found: dict[Expected, Outcome | None] = {Expected(INSPECTIONS[0], None): Outcome.PASSED}
    for boot, outcome in zip(BOOTS, results_of_both_boots, strict=True):
        found[Expected(PROBES[0], boot)] = outcome
    (verdict,) = judge(of, results(found)).claims
    passed = results_of_both_boots == (Outcome.PASSED, Outcome.PASSED)
    assert verdict.proven is passed
    assert verdict.grade is (Grade.EXERCISED if passed else Grade.PRESENT)


@pytest.mark.parametrize("outcome", [result for result in RESULTS if result is not Outcome.PASSED])
def test_a_claim_whose_inspection_did_not_pass_is_only_declared(outcome: Outcome | None) -> None:
    of = planned(claim(INSPECTIONS[0], PROBES[0]))
    (verdict,) = with_outcome(of, Expected(INSPECTIONS[0], None), outcome).claims
    assert (verdict.proven, verdict.grade) == (False, Grade.DECLARED)


@pytest.mark.parametrize("outcome", RESULTS)
def test_a_claim_that_needs_inspections_only_is_present_if_all_passed(
    outcome: Outcome | None,
) -> None:
    of = planned(claim(*INSPECTIONS))
    (verdict,) = with_outcome(of, Expected(INSPECTIONS[1], None), outcome).claims
    passed = outcome is Outcome.PASSED
    assert verdict.proven is passed
    assert verdict.grade is (Grade.PRESENT if passed else Grade.DECLARED)


def test_a_claim_with_probes_only_is_declared_until_it_is_probed() -> None:
    of = planned(claim(PROBES[0]))
    (verdict,) = judge(of, [evidence(name) for name in INSPECTIONS]).claims
    assert (verdict.proven, verdict.grade, verdict.seen) == (False, Grade.DECLARED, "not checked")


def test_a_claim_does_not_suffer_from_a_check_that_is_not_its_proof() -> None:
    of = planned(claim(INSPECTIONS[0], PROBES[0]))
    verdict = with_outcome(of, Expected(PROBES[1], "uefi"), Outcome.FAILED)
    assert verdict.claims[0].proven
    assert not verdict.proven


def test_a_claim_without_proof_is_never_proven() -> None:
    of = planned(claim(grade=Grade.DECLARED))
    verdict = judge(of, complete(of))
    assert not verdict.claims[0].proven
    assert not verdict.proven


def test_a_claim_is_not_proven_if_the_plan_does_not_make_all_of_its_proof() -> None:
    of = planned(claim(INSPECTIONS[0], *PROBES), probes=PROBES[:1])
    (verdict,) = judge(of, complete(of)).claims
    assert not verdict.proven


# ---- the whole


@given(
    st.fixed_dictionaries(
        {check: st.sampled_from(RESULTS) for check in expected(planned())}
        # Most of the time nearly all pass, or the interesting case would never come.
    )
    | st.fixed_dictionaries(
        {
            check: st.sampled_from((*[Outcome.PASSED] * 30, Outcome.SKIPPED, None))
            for check in expected(planned())
        }
    )
)
def test_an_image_is_proven_if_and_only_if_every_expected_check_passed(
    found: dict[Expected, Outcome | None],
) -> None:
    of = planned(claim(*INSPECTIONS, *PROBES), claim(INSPECTIONS[0]))
    verdict = judge(of, results(found))
    assert verdict.proven is all(outcome is Outcome.PASSED for outcome in found.values())
    assert set(verdict.missing) == {check for check, outcome in found.items() if outcome is None}
    assert {Expected(result.check, result.boot) for result in verdict.problems} == {
        check for check, outcome in found.items() if outcome not in {Outcome.PASSED, None}
    }


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.SKIPPED, Outcome.ERROR])
def test_a_check_that_did_not_pass_is_a_problem_even_if_no_claim_rests_on_it(
    outcome: Outcome,
) -> None:
    of = planned()
    verdict = with_outcome(of, Expected(INSPECTIONS[1], None), outcome)
    assert not verdict.proven
    assert [result.outcome for result in verdict.problems] == [outcome]


def test_evidence_that_the_plan_does_not_ask_for_changes_nothing() -> None:
    of = planned(claim(*INSPECTIONS))
    extra = evidence("other/check", Outcome.FAILED)
    assert judge(of, (*complete(of), extra)) == judge(of, complete(of))


@pytest.mark.parametrize("profile", ["base", "pinned-scsi", "debian-13-pinned-scsi"])
def test_a_shipped_profile_is_proven_by_all_of_its_checks_and_by_no_less(profile: str) -> None:
    of = plan(profile)
    found = complete(of)
    assert judge(of, found).proven
    for left_out in range(len(found)):
        assert not judge(of, found[:left_out] + found[left_out + 1 :]).proven


# ---- what was seen


def test_a_proven_claim_shows_what_its_strongest_proof_saw() -> None:
    of = planned(claim(PROBES[0], INSPECTIONS[0]))
    found = [
        evidence(PROBES[0], boot="bios", seen="a probe saw it"),
        evidence(PROBES[0], boot="uefi", seen="a probe saw it"),
        evidence(INSPECTIONS[0], seen="an inspection saw it"),
    ]
    assert judge(of, found).claims[0].seen == "a probe saw it"


def test_an_unproven_claim_shows_each_cause_once_with_its_outcome() -> None:
    of = planned(claim(INSPECTIONS[0], PROBES[0]))
    found = [
        evidence(INSPECTIONS[0], Outcome.SKIPPED, seen="no kernel"),
        evidence(PROBES[0], Outcome.FAILED, boot="bios", seen="root is vda"),
        evidence(PROBES[0], Outcome.FAILED, boot="uefi", seen="root is vda"),
    ]
    assert judge(of, found).claims[0].seen == "skipped: no kernel; failed: root is vda"


# ---- a part of the checks


def test_a_part_has_passed_when_all_of_it_has_whatever_the_rest_says() -> None:
    whole, part = planned(), replace(planned(probes=PROBES[:1]), inspections=())
    found = dict.fromkeys(expected(whole), Outcome.PASSED)
    found[Expected(INSPECTIONS[0], None)] = Outcome.FAILED
    verdict = part_verdict(part, results({**found}))
    assert verdict.passed
    assert [(result.check, result.boot) for result in verdict.evidence] == [
        (PROBES[0], boot) for boot in BOOTS
    ]


@pytest.mark.parametrize(
    "outcome", [outcome for outcome in RESULTS if outcome is not Outcome.PASSED]
)
def test_a_part_has_not_passed_when_one_boot_lacks_a_pass(outcome: Outcome | None) -> None:
    part = planned(probes=PROBES[:1])
    found: dict[Expected, Outcome | None] = dict.fromkeys(expected(part), Outcome.PASSED)
    found[Expected(PROBES[0], "uefi")] = outcome
    assert not part_verdict(part, results(found)).passed
