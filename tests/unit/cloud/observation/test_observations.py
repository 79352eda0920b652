"""Each observation passes on what a good server shows, and fails on what a broken one does."""

from dataclasses import replace
from typing import Any

import pytest
from guest_lines import (
    BOOT,
    DEVICES,
    FACTS,
    FLAVOR,
    NIC,
    PLUGGED,
    PROCESSORS,
    PROPERTIES,
    ROOT,
    SECOND,
    STEPS,
    SYSTEM,
    boot_report,
    domain,
    sight,
)
from samples import SHA256, WHEN, plan

from builder.cloud.observation.registry import OBSERVATIONS
from builder.cloud.observation.sight import Sight, Step
from builder.cloud.proof.record import Place, observed
from builder.feature import Outcome
from builder.nova.properties import KNOWN

PLACE = Place(cloud="prod", endpoint="http://glance", image="an-id", image_sha256=SHA256, at=WHEN)
KVM = {**SYSTEM, "hypervisor": "kvm"}
TWO = {**PROCESSORS, "count": 2, "sockets": 2}
SWAPPED = ({**ROOT, "name": "sdb"}, {**SECOND, "name": "sda"})
"""Linux has seen the second disk before the first one."""
DEVICELESS = {"rng": "", "watchdogs": [], "tpm": "", "serial_ports": 0}


def judged(seen: Sight, check: str) -> tuple[Outcome, str]:
    results = {result.check: result for result in observed(seen, plan(), PLACE)}
    return results[check].outcome, results[check].seen


def with_property(name: str, value: str) -> dict[str, Any]:
    return {"properties": {**PROPERTIES, name: value}}


def with_flavor(**fields: Any) -> dict[str, Any]:
    return {"flavor": FLAVOR.model_copy(update=fields)}


def with_specs(**specs: str) -> dict[str, Any]:
    named = {f"hw:{name}": value for name, value in specs.items()}
    return with_flavor(extra_specs=named)


def with_step(name: str, outcome: Outcome) -> dict[str, Any]:
    steps = {step: Step(Outcome.PASSED, "seen") for step in STEPS}
    return {"steps": {**steps, name: Step(outcome, f"{name} ended so")}}


def with_volume(**changed: Any) -> dict[str, Any]:
    return {"boots": {"first": boot_report(*FACTS, plugged={**PLUGGED, **changed})}}


def test_on_a_good_emulated_server_everything_passes_but_the_queues() -> None:
    results = observed(sight(), plan(), PLACE)
    assert {result.check: result.seen for result in results if result.outcome != "passed"} == {
        "queues-equal-vcpus": "virt_type=qemu: Nova gives one queue"
    }


def test_every_claim_of_the_profile_has_an_observation() -> None:
    about = {name for result in observed(sight(), plan(), PLACE) for name in result.properties}
    assert about == {claim.property for claim in plan().claims}


def test_every_property_of_an_observation_is_one_of_novas() -> None:
    assert {name for observation in OBSERVATIONS for name in observation.properties} <= set(KNOWN)


def test_a_watchdog_that_was_not_seen_to_act_is_not_observed() -> None:
    results = observed(sight(**with_step("watchdog", Outcome.SKIPPED)), plan(), PLACE)
    shown = {
        name
        for result in results
        if result.outcome == "passed" and not result.refutes
        for name in result.properties
    }
    assert "hw_watchdog_action" not in shown
    assert "hw_disk_bus" in shown


def test_a_property_that_the_cloud_has_otherwise_is_no_claim_of_the_plan() -> None:
    seen = sight(**with_property("hw_watchdog_action", "pause"))
    about = {name for result in observed(seen, plan(), PLACE) for name in result.properties}
    assert "hw_watchdog_action" not in about
    assert "hw_disk_bus" in about


PASSING = [
    ("queues-equal-vcpus", (KVM, TWO, ROOT, {**NIC, "queues": 2}), {}),
    ("root-is-on-bus", SWAPPED, {}),
    ("second-disk-is-on-bus", SWAPPED, {}),
    ("rings-are-packed", (SYSTEM, {**NIC, "packed": True}),
     with_property("hw_virtio_packed_ring", "true")),
    ("topology-is-as-asked", (TWO,), with_property("hw_cpu_sockets", "2")),
    ("rng-is-virtio", (), with_property("hw_rng_model", "virtio")),
    ("firmware-is-as-asked", (), with_property("hw_firmware_type", "bios")),
    ("firmware-is-as-asked", ({**SYSTEM, "uefi": True},),
     with_property("hw_firmware_type", "uefi")),
    ("secure-boot-is-on", ({**SYSTEM, "secure_boot": True},),
     with_property("os_secure_boot", "required")),
    ("tpm-is-there", ({**DEVICES, "tpm": "2"},), with_property("hw_tpm_version", "2.0")),
    ("serial-ports-are-there", ({**DEVICES, "serial_ports": 2},),
     with_property("hw_serial_port_count", "2")),
    ("watchdog-is-there", ({**DEVICES, **DEVICELESS},),
     with_property("hw_watchdog_action", "disabled")),
    ("watchdog-acts", ({**DEVICES, **DEVICELESS},),
     with_property("hw_watchdog_action", "disabled")),
    ("root-is-on-bus", ({**ROOT, "name": "vda", "driver": "virtio_blk"},),
     with_property("hw_disk_bus", "virtio")),
]  # fmt: skip


@pytest.mark.parametrize(("check", "facts", "changed"), PASSING)
def test_what_other_images_ask_for_is_observed(
    check: str, facts: tuple[dict[str, Any], ...], changed: dict[str, Any]
) -> None:
    outcome, seen = judged(sight(*facts, **changed), check)
    assert (outcome, seen) == (Outcome.PASSED, seen)


FAILING = [
    ("system-is-as-claimed", ({**SYSTEM, "id": "ubuntu"},), {}, "os_distro is debian"),
    ("system-is-as-claimed", ({**SYSTEM, "version": "13"},), {}, "'13'"),
    ("system-is-as-claimed", ({**SYSTEM, "machine": "aarch64"},), {}, "'aarch64'"),
    ("root-is-on-bus", ({**ROOT, "name": "vda", "driver": "virtio_blk"},), {}, "/dev/vda"),
    ("root-is-on-bus", ({**ROOT, "driver": "ata_piix"},), {}, "ata_piix"),
    ("root-is-on-bus", ({**ROOT, "name": "sdb"},), {}, "/dev/sdb"),
    ("root-is-on-bus", ({**ROOT, "name": "sdc"}, SECOND), {}, "/dev/sdc"),
    ("second-disk-is-on-bus", (ROOT, {**SECOND, "name": "sdc"}), {}, "sdc (virtio_scsi)"),
    ("root-is-on-bus", (SECOND,), {}, "does not know"),
    ("volume-is-on-bus", (), with_volume(name="vdb", driver="virtio_blk"), "/dev/vdb"),
    ("volume-is-on-bus", (), with_volume(driver="ahci"), "(driver ahci), not sdc on virtio_scsi"),
    ("volume-is-on-bus", (ROOT,), {}, "/dev/sdc (driver virtio_scsi), not sdb"),
    ("volume-is-on-bus", (), with_step("attach", Outcome.FAILED), "attach ended so"),
    ("second-disk-is-on-bus", (ROOT,), {}, "other disks: none"),
    ("second-disk-is-on-bus", (ROOT, {**SECOND, "name": "vdb"}), {}, "vdb"),
    ("second-disk-is-on-bus", (ROOT, {**SECOND, "driver": "ahci"}), {}, "ahci"),
    ("watchdog-is-there", ({**DEVICES, **DEVICELESS},), {}, "no i6300ESB"),
    ("watchdog-is-there", ({**DEVICES, "watchdogs": ["iTCO_wdt"]},), {}, "no i6300ESB"),
    ("watchdog-is-there", (DEVICES,), with_property("hw_watchdog_action", "disabled"), "has an"),
    ("queues-equal-vcpus", (KVM, TWO, NIC), {}, "uses 1 queues"),
    ("queues-equal-vcpus", (KVM, TWO), {}, "sees no NIC"),
    ("rings-are-packed", (SYSTEM, NIC), with_property("hw_virtio_packed_ring", "true"), "split"),
    ("topology-is-as-asked", ({**PROCESSORS, "count": 2, "cores": 2},),
     with_property("hw_cpu_sockets", "2"), "asks for 2"),
    ("rng-is-virtio", ({**DEVICES, **DEVICELESS},), with_property("hw_rng_model", "virtio"), "no"),
    ("rng-is-virtio", ({**DEVICES, "rng": "tpm-rng-0"},),
     with_property("hw_rng_model", "virtio"), "tpm-rng-0"),
    ("firmware-is-as-asked", (), with_property("hw_firmware_type", "uefi"), "by bios"),
    ("secure-boot-is-on", (), with_property("os_secure_boot", "required"), "not enforce"),
    ("tpm-is-there", (), with_property("hw_tpm_version", "2.0"), "no TPM"),
    ("tpm-is-there", ({**DEVICES, "tpm": "1"},), with_property("hw_tpm_version", "2.0"), "1"),
    ("serial-ports-are-there", (), with_property("hw_serial_port_count", "2"), "1 serial port"),
    ("vcpus-are-pinned", (), {"domain": domain()}, "{}"),
    ("vcpus-are-pinned", (), {"domain": domain("0-1")}, "0-1"),
    ("console-is-clean", (), {"console": "x\nKernel panic - not syncing: oops\n"}, "panic"),
    ("rescue-keeps-hardware", (), {"boots": {
        "first": boot_report(*FACTS), "rescued": boot_report({**ROOT, "driver": "virtio_blk"}),
    }}, "virtio_blk"),
    ("rebuild-keeps-hardware", (), {"boots": {
        "first": boot_report(*FACTS), "rebuilt": boot_report(ROOT, {**DEVICES, **DEVICELESS}),
    }}, "another rng and watchdogs"),
    *((check, (), with_step(step, Outcome.FAILED), f"{step} ended so") for step, check in (
        ("create", "server-is-active"), ("report", "guest-tells"), ("password", "password-is-set"),
        ("resize", "root-grows-live"), ("detach", "volume-is-released"),
        ("rescue", "rescue-keeps-hardware"), ("rebuild", "rebuild-keeps-hardware"),
        ("watchdog", "watchdog-acts"), ("soft-delete", "deleted-server-is-restored"),
    )),
]  # fmt: skip


@pytest.mark.parametrize(("check", "facts", "changed", "reason"), FAILING)
def test_a_broken_server_fails(
    check: str, facts: tuple[dict[str, Any], ...], changed: dict[str, Any], reason: str
) -> None:
    outcome, seen = judged(sight(*facts, **changed), check)
    assert (outcome, reason in seen) == (Outcome.FAILED, True), seen


def test_every_observation_can_fail() -> None:
    discards = {"root-discards", "volume-discards"}  # which are the cloud's own choice
    assert {check for check, *_ in FAILING} | discards == {
        observation.name for observation in OBSERVATIONS
    }


SKIPPED = [
    ("second-disk-is-on-bus", (), with_flavor(ephemeral=0), "no second disk"),
    ("root-discards", ({**ROOT, "discards": False},), {}, "hw_disk_discard"),
    ("volume-discards", (), with_volume(discards=False), "/dev/sdc takes no discards"),
    ("volume-discards", (), with_volume(cleared=False), "report_discard_supported"),
    ("volume-discards", (), with_step("attach", Outcome.SKIPPED), "attach ended so"),
    ("volume-is-on-bus", (), with_step("attach", Outcome.SKIPPED), "attach ended so"),
    ("volume-is-on-bus", (), {"boots": {"first": boot_report(*FACTS)}}, "told of no volume"),
    ("volume-is-on-bus", (), with_property("hw_disk_bus", "ide"), "ide"),
    ("root-is-on-bus", (), with_property("hw_disk_bus", "ide"), "ide"),
    ("queues-equal-vcpus", (KVM, PROCESSORS, NIC), {}, "one vCPU"),
    ("queues-equal-vcpus", (KVM, TWO), {"has_nic": False}, "no NIC"),
    ("queues-equal-vcpus", (), with_property("hw_vif_multiqueue_enabled", "no"), "one queue"),
    ("rings-are-packed", (), with_property("hw_virtio_packed_ring", "no"), "none"),
    ("topology-is-as-asked", (), {**with_property("hw_cpu_sockets", "2"),
     **with_specs(cpu_sockets="1")}, "of its own"),
    ("topology-is-as-asked", (), with_property("hw_cpu_sockets", "2"), "cannot give"),
    ("vcpus-are-pinned", (), {"domain": None}, "only an operator"),
    ("vcpus-are-pinned", (), with_specs(), "no hw:cpu_policy"),
    ("secure-boot-is-on", (), with_property("os_secure_boot", "optional"), "not require"),
    ("console-is-clean", (), {"console": ""}, "no console log"),
    ("root-is-on-bus", (), {"boots": {}}, "first boot"),
    ("rng-is-virtio", (ROOT,), with_property("hw_rng_model", "virtio"), "nothing of its devices"),
    ("rescue-keeps-hardware", (), {"boots": {"first": boot_report(*FACTS)}}, "rescued boot"),
    ("password-is-set", (), {"steps": {}}, "did not come so far"),
    ("password-is-set", (), with_step("password", Outcome.SKIPPED), "ended so"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "facts", "changed", "reason"), SKIPPED)
def test_what_a_cloud_cannot_show_is_skipped(
    check: str, facts: tuple[dict[str, Any], ...], changed: dict[str, Any], reason: str
) -> None:
    outcome, seen = judged(sight(*facts, **changed), check)
    assert (outcome, reason in seen) == (Outcome.SKIPPED, True), seen


def test_a_cloud_that_fails_says_nothing_of_the_image() -> None:
    outcome, _ = judged(sight(**with_step("password", Outcome.ERROR)), "password-is-set")
    assert outcome is Outcome.ERROR


def test_a_boot_that_has_not_told_everything_is_not_judged() -> None:
    boot = boot_report(*FACTS)
    half = replace(boot, messages=boot.messages[:3])
    assert half.id == BOOT
    outcome, seen = judged(sight(boots={"first": half}), "system-is-as-claimed")
    assert (outcome, "first boot" in seen) == (Outcome.SKIPPED, True)
