from dataclasses import replace

from comparisons import PLAN, PROBE, boots
from samples import OTHER_SHA256, complete, evidence, manifest

from builder.compare.change import Change
from builder.compare.proof import (
    NOT_MADE,
    ClaimState,
    boot_changes,
    check_changes,
    claim_changes,
)
from builder.feature import Grade, Outcome
from builder.store.manifest import Manifest

BOOTS = boots(PLAN, "a" * 64, "6.1")
PROVEN = manifest(PLAN).with_evidence(complete(PLAN), BOOTS)


def failed_in(boot: str) -> Manifest:
    return PROVEN.with_evidence([evidence(PROBE, Outcome.FAILED, boot=boot)], BOOTS)


def test_a_claim_is_gained_and_lost() -> None:
    lost = manifest(replace(PLAN, claims=PLAN.claims[1:])).with_evidence(complete(PLAN))
    claim = PLAN.claims[0]
    state = ClaimState(claim.value, claim.grade, proven=True)
    assert claim_changes(PROVEN, lost) == (Change(claim.property, state, None),)
    assert claim_changes(lost, PROVEN) == (Change(claim.property, None, state),)


def test_a_claim_that_is_no_longer_proven_has_another_grade() -> None:
    found = {change.name: change for change in claim_changes(PROVEN, failed_in("uefi"))}
    assert set(found) == {"hw_disk_bus", "hw_scsi_model"}
    assert found["hw_disk_bus"].new == ClaimState("scsi", Grade.PRESENT, proven=False)


def test_a_claim_of_another_value_has_both() -> None:
    claim = replace(PLAN.claims[0], value="other")
    other = manifest(replace(PLAN, claims=(claim, *PLAN.claims[1:]))).with_evidence(complete(PLAN))
    (change,) = claim_changes(PROVEN, other)
    assert (change.old, change.new) == (
        ClaimState(PLAN.claims[0].value, claim.grade, proven=True),
        ClaimState("other", claim.grade, proven=True),
    )


def test_a_check_that_ended_otherwise_has_its_outcomes_by_boot() -> None:
    (change,) = check_changes(PROVEN, failed_in("uefi"))
    assert change.name == PROBE
    assert change.old is not None
    assert change.new is not None
    assert set(change.old.values()) == {"passed"}
    assert (change.new["uefi"], change.new["bios"]) == ("failed", "passed")


def test_a_failure_that_moves_to_another_boot_is_a_change() -> None:
    (change,) = check_changes(failed_in("bios"), failed_in("uefi"))
    assert change.name == PROBE


def test_a_check_that_was_not_made_is_told_so() -> None:
    rest = [result for result in complete(PLAN) if result.check != PROBE]
    (change,) = check_changes(PROVEN, manifest(PLAN).with_evidence(rest))
    assert change.new is not None
    assert set(change.new.values()) == {NOT_MADE}


def test_a_check_that_only_one_plan_has_is_gained_or_lost() -> None:
    fewer = replace(
        PLAN, boots=tuple(
            replace(boot, probes=tuple(name for name in boot.probes if name != PROBE))
            for boot in PLAN.boots
        ),
    )  # fmt: skip
    lost = manifest(fewer).with_evidence(complete(fewer))
    (change,) = check_changes(PROVEN, lost)
    assert (change.name, change.new) == (PROBE, None)
    (change,) = check_changes(lost, PROVEN)
    assert (change.name, change.old) == (PROBE, None)


def test_a_check_that_passes_in_one_more_boot_has_not_changed() -> None:
    more = replace(PLAN, boots=(*PLAN.boots, replace(PLAN.boots[0], name="another")))
    assert check_changes(PROVEN, manifest(more).with_evidence(complete(more))) == ()


def test_a_build_that_was_not_checked_has_no_outcomes_to_compare() -> None:
    assert check_changes(PROVEN, manifest(PLAN)) == ()


def test_evidence_of_another_file_is_none() -> None:
    other = [result.model_copy(update={"image_sha256": OTHER_SHA256}) for result in complete(PLAN)]
    assert check_changes(PROVEN, manifest(PLAN).with_evidence(other)) == ()
    assert claim_changes(PROVEN, manifest(PLAN).with_evidence(other))


def test_a_boot_that_took_longer_is_told_and_when_it_began_is_not() -> None:
    slower = PROVEN.with_evidence([], [BOOTS[0].model_copy(update={"until_ssh": 99})])
    (change,) = boot_changes(PROVEN, slower)
    assert change.name == BOOTS[0].name
    later = PROVEN.with_evidence([], [BOOTS[0].model_copy(update={"at": "2026-01-01"})])
    assert boot_changes(PROVEN, later) == ()


def test_boots_are_compared_where_both_builds_have_been_booted() -> None:
    assert boot_changes(PROVEN, manifest(PLAN)) == ()
    fewer = manifest(PLAN).with_evidence([], BOOTS[1:])
    assert [change.name for change in boot_changes(fewer, PROVEN)] == [BOOTS[0].name]
