"""Which builds may be published, by their evidence."""

from datetime import timedelta

import pytest
from samples import OTHER_SHA256, WHEN, complete, evidence, manifest, observed, plan

from builder.feature import Outcome
from builder.publish.candidate.admission import Admission, Refused, Waivers, admit, require_young
from builder.store.manifest import Manifest
from builder.store.sections import Evidence

SOON = WHEN + timedelta(hours=1)
MONTH = timedelta(days=30)
PLAN = plan("pinned-scsi")
ALL = complete(PLAN)
WATCHDOG = next(claim for claim in PLAN.claims if claim.property == "hw_watchdog_action")
PRESENT = Waivers(allow_present=True)
DROP = Waivers(drop_unproven=True)


def build(*results: Evidence) -> Manifest:
    return manifest(PLAN, evidence=results)


def admitted(build: Manifest, concession: Waivers | None = None) -> Admission:
    return admit(build, concession or Waivers(), now=SOON, max_age=MONTH)


def with_outcome(check: str, outcome: Outcome, seen: str = "it does not bark") -> list[Evidence]:
    return [
        result.model_copy(update={"outcome": outcome, "seen": seen})
        if result.check == check
        else result
        for result in ALL
    ]


def reasons(build: Manifest, concession: Waivers | None = None) -> str:
    with pytest.raises(Refused) as refused:
        admitted(build, concession)
    assert "guest-image prove pinned-scsi" in refused.value.hint
    return "\n".join(refused.value.details)


def test_a_proven_build_is_admitted_with_all_claims() -> None:
    admission = admitted(build(*ALL))
    assert [claim.property for claim in admission.claims] == [
        claim.property for claim in PLAN.claims
    ]
    assert (admission.on_inspection, admission.dropped, admission.tags) == ((), (), ())


def test_a_build_without_evidence_is_refused() -> None:
    assert "hw_disk_bus=scsi is declared, and must be exercised: not checked" in reasons(build())


def test_a_failed_check_is_a_reason() -> None:
    failed = build(*with_outcome(WATCHDOG.proof[-1], Outcome.FAILED))
    assert f"failed: {WATCHDOG.proof[-1]} in boot " in reasons(failed)
    assert "it does not bark" in reasons(failed)


def test_a_skipped_check_has_not_passed() -> None:
    assert "skipped" in reasons(build(*with_outcome(WATCHDOG.proof[-1], Outcome.SKIPPED)))


def test_evidence_of_another_file_is_void() -> None:
    others = [result.model_copy(update={"image_sha256": OTHER_SHA256}) for result in ALL]
    assert "There is evidence of another file (sha256 bbbbbbbbbbbb…)" in reasons(build(*others))


def aged(build: Manifest, hours: int) -> Admission:
    later = WHEN + timedelta(hours=hours)
    return admit(build, Waivers(), now=later, max_age=timedelta(hours=1))


def test_old_evidence_is_a_reason_against_an_upload() -> None:
    proven = build(*ALL)
    require_young(proven, aged(proven, 1))
    with pytest.raises(Refused, match=r"older than 1 hour\."):
        require_young(proven, aged(proven, 2))


def test_old_evidence_is_told_with_the_other_reasons() -> None:
    failed = build(*with_outcome(WATCHDOG.proof[-1], Outcome.FAILED))
    with pytest.raises(Refused) as refused:
        aged(failed, 2)
    assert "it does not bark" in str(refused.value)
    assert "older than 1 hour." in str(refused.value)


def test_evidence_from_the_future_tells_of_a_wrong_clock() -> None:
    with pytest.raises(Refused, match="One of the clocks is wrong"):
        admit(build(*ALL), Waivers(), now=WHEN - timedelta(hours=3), max_age=MONTH)


def test_a_clock_may_be_a_little_late() -> None:
    assert admit(build(*ALL), Waivers(), now=WHEN - timedelta(minutes=2), max_age=MONTH).claims


def test_a_claim_is_allowed_on_its_inspections() -> None:
    inspected = build(*(result for result in ALL if result.boot is None))
    assert "os_type=linux is declared" in reasons(inspected, PRESENT)
    admission = admitted(inspected, Waivers(allow_present=True, drop_unproven=True))
    assert "hw_disk_bus" in admission.on_inspection
    assert admission.tags == ("allowed-present", "dropped-os_type")


def test_a_failed_probe_is_not_allowed_by_its_inspections() -> None:
    failed = build(*with_outcome(WATCHDOG.proof[-1], Outcome.FAILED))
    assert "it does not bark" in reasons(failed, PRESENT)


def test_a_skipped_probe_is_allowed_by_its_inspections() -> None:
    skipped = build(*with_outcome(WATCHDOG.proof[-1], Outcome.SKIPPED))
    assert "hw_watchdog_action" in admitted(skipped, PRESENT).on_inspection


@pytest.mark.parametrize("recorded", [True, False])
def test_a_probe_of_no_claim_that_is_let_through_is_told(recorded: bool) -> None:  # noqa: FBT001 - a parameter of the test
    proofs = {check for claim in PLAN.claims for check in claim.proof}
    other = next(result.check for result in ALL if result.boot and result.check not in proofs)
    results = with_outcome(other, Outcome.SKIPPED)
    incomplete = build(*(result for result in results if recorded or result.check != other))
    assert other in reasons(incomplete)
    admission = admitted(incomplete, PRESENT)
    assert (admission.on_inspection, admission.unchecked) == ((), (other,))
    assert admission.tags == ("allowed-present",)


def test_a_failed_claim_can_be_dropped() -> None:
    failed = build(*with_outcome(WATCHDOG.proof[-1], Outcome.FAILED))
    admission = admitted(failed, DROP)
    assert admission.dropped == ("hw_watchdog_action",)
    assert admission.tags == ("dropped-hw_watchdog_action",)
    assert "hw_watchdog_action" not in {claim.property for claim in admission.claims}


def test_what_nova_ignores_without_a_dropped_claim_is_dropped_too() -> None:
    agent = next(claim for claim in PLAN.claims if claim.property == "hw_qemu_guest_agent")
    admin = next(claim for claim in PLAN.claims if claim.property == "os_admin_user")
    failing = next(check for check in agent.proof if check not in admin.proof)
    admission = admitted(build(*with_outcome(failing, Outcome.FAILED)), DROP)
    assert admission.dropped == ("hw_qemu_guest_agent", "os_admin_user")


def test_a_failure_of_no_claim_cannot_be_dropped() -> None:
    proofs = {check for claim in PLAN.claims for check in claim.proof}
    other = next(result.check for result in ALL if result.check not in proofs)
    assert f"failed: {other}" in reasons(build(*with_outcome(other, Outcome.FAILED)), DROP)


def test_many_reasons_are_shortened() -> None:
    failed = [
        evidence(result.check, Outcome.FAILED, boot=result.boot, seen=result.check)
        for result in ALL
    ]
    assert "more reasons" in reasons(build(*failed))


def test_a_claim_that_a_cloud_has_refuted_is_not_published() -> None:
    broken = observed("watchdog-acts", WATCHDOG.property, outcome=Outcome.FAILED, seen="it slept")
    refuted = build(*ALL).with_observations([broken])
    expected = f"{WATCHDOG.property}={WATCHDOG.value} is refuted: in prod failed: it slept"
    assert expected in reasons(refuted)
    assert expected in reasons(refuted, PRESENT)
    assert admitted(refuted, DROP).dropped == (WATCHDOG.property,)


def test_what_a_cloud_has_shown_is_told_of_a_claim_that_is_published() -> None:
    shown = observed("watchdog-acts", WATCHDOG.property)
    assert admitted(build(*ALL).with_observations([shown])).observed == (WATCHDOG.property,)
    assert admitted(build(*ALL)).observed == ()
