"""Which claims an image that was built elsewhere gets, from what its checks saw. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from samples import evidence

from builder.adopt.plan import (
    BY_CHOICE,
    ForeignImage,
    boots_at_most,
    boots_of_rest,
    candidates,
    inspections,
    lacking,
    plan_of_evidence,
    plan_to_probe,
)
from builder.distribution import DISTRIBUTIONS
from builder.feature import FIRST_NIC, Grade, Outcome
from builder.features.registry import WINDOWS, parameters_of, shipped
from builder.plan.boots import Boot
from builder.plan.model import Plan, from_json, to_json
from builder.profile.model import Disk
from builder.store.sections import Evidence, UnprovenClaim
from builder.store.verdict import judge

DEBIAN = DISTRIBUTIONS["debian-12"]
LINUX = ForeignImage(
    name="adopted-some",
    source="some.qcow2",
    distribution=DEBIAN,
    disk=Disk(format="qcow2", compression="none"),
    used=candidates(shipped(), DEBIAN),
    limits=(),
    unknown={},
)
NO_WAY_IN = "It is not booted: cloud-init is not installed."


def inspected(adoptee: ForeignImage, *failing: str) -> tuple[Evidence, ...]:
    """Evidence of every inspection, of which some fail."""
    names = [check.id for check in inspections(adoptee.used)]
    assert set(failing) <= set(names)
    return tuple(
        evidence(name, Outcome.FAILED if name in failing else Outcome.PASSED, seen="so\nmuch")
        for name in names
    )


def probed(boots: Iterable[Boot], *failing: str) -> tuple[Evidence, ...]:
    return tuple(
        evidence(name, Outcome.FAILED if name in failing else Outcome.PASSED, boot=boot.name)
        for boot in boots
        for name in boot.probes
    )


def properties(plan: Plan) -> dict[str, str]:
    return {claim.property: claim.value for claim in plan.claims}


def adopted(adoptee: ForeignImage, *failing: str) -> tuple[Plan, tuple[Evidence, ...]]:
    """The final plan of an image of which some checks fail, in boots that all come up."""
    at_rest = {check.id for check in inspections(adoptee.used)}
    seen = inspected(adoptee, *(name for name in failing if name in at_rest))
    plan = plan_to_probe(adoptee, seen)
    seen += probed(plan.boots, *failing)
    return plan_of_evidence(plan, seen, [boot.name for boot in plan.boots]), seen


def failing(plan: Plan, seen: Sequence[Evidence]) -> tuple[UnprovenClaim, ...]:
    """What the image lacks but for what only a profile may choose."""
    return tuple(
        unproven for unproven in lacking(LINUX, plan, seen) if unproven.reason != BY_CHOICE
    )


def test_no_image_needs_other_hardware_than_one_with_every_ability() -> None:
    most = boots_at_most(shipped())
    assert {boot.machine.firmware for boot in most} == {"bios", "uefi"}
    assert any(boot.machine.multiqueue for boot in most)
    assert plan_to_probe(LINUX, inspected(LINUX)).boots == most
    for check in inspections(LINUX.used):
        for boot in plan_to_probe(LINUX, inspected(LINUX, check.id)).boots:
            assert not boot.machine.multiqueue or any(big.machine.multiqueue for big in most)
            assert not boot.machine.tpm or any(big.machine.tpm for big in most)


def test_an_image_that_passes_everything_has_every_feature_s_claims() -> None:
    plan, seen = adopted(LINUX)
    assert failing(plan, seen) == ()
    assert judge(plan, seen).proven
    assert properties(plan).items() >= {
        "os_distro": "debian", "hw_disk_bus": "scsi", "hw_qemu_guest_agent": "yes",
        "os_admin_user": "debian", "hw_watchdog_action": "reset",
    }.items()  # fmt: skip
    assert "hw_firmware_type" not in properties(plan)


def test_the_plan_survives_its_json() -> None:
    plan, _ = adopted(LINUX)
    assert from_json(to_json(plan)) == plan


def test_a_claim_whose_inspection_fails_is_not_probed_and_its_hardware_not_given() -> None:
    seen = inspected(LINUX, "watchdog/kernels-have-i6300esb")
    plan = plan_to_probe(LINUX, seen)
    assert "hw_watchdog_action" not in properties(plan)
    assert not [probe for probe in plan.probes if probe.feature == "watchdog"]
    assert {boot.machine.watchdog for boot in plan.boots} == {None}
    assert {boot.machine.disk_bus for boot in plan.boots} >= {"scsi"}


def test_a_claim_whose_probe_fails_is_lacking_with_what_the_check_saw() -> None:
    plan, seen = adopted(LINUX, "multiqueue/queues-equal-vcpus")
    assert judge(plan, seen).proven
    (unproven,) = failing(plan, seen)
    assert (unproven.property, unproven.owner) == ("hw_vif_multiqueue_enabled", "multiqueue")
    assert unproven.checks == ("multiqueue/queues-equal-vcpus",)
    assert unproven.reason == "'multiqueue/queues-equal-vcpus holds' failed: it is so"


def test_multiqueue_needs_nothing_but_that_nothing_limits_it_and_a_boot_that_bears_it_out() -> None:
    plan, seen = adopted(LINUX)
    assert properties(plan)["hw_vif_multiqueue_enabled"] == "true"
    assert not {result.check for result in seen} & {
        "multiqueue/queue-rule-exists", "multiqueue/irqbalance-will-start",
        "multiqueue/irqbalance-is-active",
    }  # fmt: skip
    plan, seen = adopted(LINUX, "multiqueue/queues-are-not-limited")
    assert "hw_vif_multiqueue_enabled" not in properties(plan)
    assert not any(boot.machine.multiqueue for boot in plan.boots)


def test_a_claim_that_nova_would_ignore_alone_is_lacking_with_that_reason() -> None:
    plan, seen = adopted(LINUX, "guest-agent/agent-answers")
    reasons = {unproven.property: unproven.reason for unproven in failing(plan, seen)}
    assert set(reasons) == {"hw_qemu_guest_agent", "os_admin_user"}
    assert reasons["os_admin_user"].startswith("without hw_qemu_guest_agent=yes")


def test_a_fault_that_belongs_to_no_claim_costs_none() -> None:
    plan, seen = adopted(LINUX, "foundation/has-no-leftovers")
    assert failing(plan, seen) == ()
    assert "foundation/has-no-leftovers" not in {check.id for check in plan.inspections}
    assert judge(plan, seen).proven


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_an_image_that_comes_up_by_one_firmware_claims_it(firmware: str) -> None:
    seen = inspected(LINUX)
    plan = plan_to_probe(LINUX, seen)
    up = [boot for boot in plan.boots if boot.machine.firmware == firmware]
    down = [boot for boot in plan.boots if boot.machine.firmware != firmware]
    seen += probed(up) + probed(down, *(name for boot in down for name in boot.probes))
    final = plan_of_evidence(plan, seen, [boot.name for boot in up])
    assert properties(final)["hw_firmware_type"] == firmware
    assert {boot.machine.firmware for boot in final.boots} == {firmware}
    assert judge(final, seen).proven


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_what_a_firmware_that_does_not_start_it_was_to_probe_is_probed_by_the_other(
    firmware: str,
) -> None:
    plan = plan_to_probe(LINUX, inspected(LINUX))
    kept = [boot for boot in plan.boots if boot.machine.firmware == firmware]
    lost = {name for boot in plan.boots if boot not in kept for name in boot.probes}
    rest = boots_of_rest(plan, LINUX, [boot.name for boot in kept])
    assert {boot.machine.firmware for boot in rest} == {firmware}
    probes = {name for boot in rest for name in boot.probes}
    assert probes == lost - {name for boot in kept for name in boot.probes} != set()
    assert not {boot.name for boot in rest} & {boot.name for boot in plan.boots}


def test_a_boot_that_fails_where_another_of_its_firmware_comes_up_is_not_tried_again() -> None:
    plan = plan_to_probe(LINUX, inspected(LINUX))
    assert boots_of_rest(plan, LINUX, ["bios", "uefi"]) == ()
    assert boots_of_rest(plan, LINUX, []) == ()


def test_an_image_that_nothing_gets_into_is_present_at_most() -> None:
    adoptee = replace(LINUX, limits=(NO_WAY_IN,))
    seen = inspected(adoptee)
    plan = plan_to_probe(adoptee, seen)
    assert (plan.boots, plan.probes) == ((), ())
    final = plan_of_evidence(plan, seen, ())
    assert {claim.grade for claim in judge(final, seen).claims} == {Grade.PRESENT}
    assert properties(final)["hw_disk_bus"] == "scsi"
    assert "hw_vif_multiqueue_enabled" not in properties(final), "nothing shows it without a boot"
    reasons = {unproven.property: unproven.reason for unproven in lacking(adoptee, final, seen)}
    assert reasons["os_type"] == NO_WAY_IN


WINDOWS_10 = replace(
    DEBIAN, name="windows-10.0", os_distro="windows", os_version="10.0", initramfs=None
)
WINDOWS_IMAGE = replace(
    LINUX,
    distribution=WINDOWS_10,
    used=((WINDOWS, parameters_of(WINDOWS, {}, WINDOWS_10)),),
    limits=(WINDOWS.no_probe_reason,),
)


def test_a_windows_has_what_its_disk_shows_and_is_present_at_most() -> None:
    plan, seen = adopted(WINDOWS_IMAGE)
    assert properties(plan) == {
        "os_type": "windows", "os_distro": "windows", "os_version": "10.0",
        "architecture": "x86_64", "hw_disk_bus": "scsi", "hw_scsi_model": "virtio-scsi",
        "hw_qemu_guest_agent": "yes",
    }  # fmt: skip
    assert {claim.grade for claim in judge(plan, seen).claims} == {Grade.PRESENT}


def test_a_windows_without_the_driver_lacks_both_of_its_claims() -> None:
    plan, seen = adopted(WINDOWS_IMAGE, "windows/vioscsi-starts-at-boot")
    lacks = lacking(WINDOWS_IMAGE, plan, seen)
    assert [unproven.property for unproven in lacks] == ["hw_disk_bus", "hw_scsi_model"]
    assert {unproven.reason for unproven in lacks} == {
        "'windows/vioscsi-starts-at-boot holds' failed: so"
    }


def test_what_compares_with_a_profile_is_not_asked_but_for_what_the_disk_itself_has_told() -> None:
    asked = {check.id for check in inspections(LINUX.used)}
    assert "discard/timer-is-enabled" in asked
    assert "discard/mount-option-is-as-asked" not in asked
    assert "foundation/release-on-disk-is-as-claimed" in asked


def test_a_guest_is_restarted_only_where_a_claim_wants_to_see_it_afterwards() -> None:
    reboots = "foundation/guest-reboots"
    plan, _ = adopted(LINUX)
    assert reboots in {probe.id for probe in plan.probes}
    plan, _ = adopted(LINUX, "guest-agent/agent-will-start", "watchdog/kernels-have-i6300esb")
    probes = {probe.id for probe in plan.probes}
    assert "foundation/root-has-grown" in probes
    assert reboots not in probes


def test_what_would_bind_the_image_to_certain_hosts_is_not_claimed() -> None:
    plan, seen = adopted(LINUX)
    binding = {"hw_firmware_type", "hw_machine_type", "os_secure_boot"}
    binding |= {"hw_tpm_version", "hw_tpm_model", "hw_virtio_packed_ring", "hw_serial_port_count"}
    assert not binding & set(properties(plan))
    lacks = lacking(LINUX, plan, seen)
    assert {unproven.property for unproven in lacks if unproven.reason == BY_CHOICE} == binding


def test_a_feature_that_only_a_profile_can_give_parameters_is_no_candidate() -> None:
    names: Sequence[str] = [feature.name for feature, _ in candidates(shipped(), DEBIAN)]
    assert names[0] == "foundation"
    assert set(names) <= {"foundation", *shipped()}


def test_an_adopted_image_is_booted_on_no_hardware_that_only_the_foundation_asks_for() -> None:
    """Whether it comes up without a network proves no claim of it."""
    plan, _ = adopted(LINUX)
    assert {boot.machine.nics for boot in plan.boots} == {(FIRST_NIC,)}
    assert "foundation/nic-has-dhcp-address" in {probe.id for probe in plan.probes}
    assert "foundation/comes-up-without-network" not in {probe.id for probe in plan.probes}
