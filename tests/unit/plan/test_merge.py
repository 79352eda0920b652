import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from builder.errors import InputError
from builder.feature import (
    Claim,
    ConfigOption,
    ExtraSpec,
    Feature,
    Filesystem,
    Grade,
    Guest,
    HostFact,
    Inspection,
    Necessity,
    Need,
    NovaRelease,
    Parameters,
    Probe,
    inspection,
    probe,
)
from builder.feature.needs import Needed
from builder.features.registry import FOUNDATION, Registered, shipped
from builder.nova.conflicts import nova_conflicts
from builder.nova.hardware import machine
from builder.nova.properties import SIGNATURE
from builder.plan.merge import make_plan
from builder.plan.model import Plan, from_json, to_json
from builder.profile.load import load, shipped_profiles
from builder.profile.model import Disk, Mirrors


class Nothing(Parameters):
    """No parameters."""


@inspection("something is there")
def something_there(_disk: Filesystem, _: Nothing) -> str:
    return "it is"


@probe("something works")
def something_works(_guest: Guest, _: Nothing) -> str:
    return "it does"


def claim(name: str, value: str, *proof: Inspection[Nothing] | Probe[Nothing]) -> Claim:
    return Claim(property=name, value=value, promise="it is so", proof=proof)


def plan_of(*features: Feature[Any], profile: str = "base", **changes: Any) -> Plan:
    registry = {one.name: Registered(one, "a test") for one in features}
    given = {one.name: one.parameters() for one in features}
    return make_plan(replace(load(profile, shipped()), features=given, **changes), registry)


def needed(what: Needed, **fields: Any) -> Need:
    return Need(what=what, reason="It is so.", source="a test", **fields)


def feature(name: str, **fields: Any) -> Feature[Nothing]:
    return Feature(name=name, summary="a test", parameters=Nothing, **fields)


def refusal(*features: Feature[Any]) -> str:
    with pytest.raises(InputError) as caught:
        plan_of(*features)
    return str(caught.value)


def shipped_plan(name: str) -> Plan:
    registry = shipped()
    return make_plan(load(name, registry), registry)


@pytest.mark.parametrize("name", shipped_profiles())
def test_the_plan_of_a_shipped_profile_is_as_recorded(
    name: str, golden: Callable[[str, str], None]
) -> None:
    text = json.dumps(to_json(shipped_plan(name)), indent=2, ensure_ascii=False)
    golden(f"{text}\n", f"plans/{name}.json")


@pytest.mark.parametrize("name", shipped_profiles())
def test_a_plan_comes_back_from_its_json(name: str) -> None:
    plan = shipped_plan(name)
    again = from_json(json.loads(json.dumps(to_json(plan))))
    assert again == plan
    assert again.digest == plan.digest


@pytest.mark.parametrize("disk", [{"size_gib": 8}, {"size_gib": 8, "format": "raw"}, {}])
def test_a_disk_of_any_kind_comes_back_from_its_plan(disk: Mapping[str, Any]) -> None:
    plan = plan_of(disk=Disk(**disk))
    assert from_json(to_json(plan)).disk == plan.disk


def test_equal_plans_have_equal_digests_and_others_do_not() -> None:
    assert shipped_plan("base").digest == shipped_plan("base").digest
    assert shipped_plan("base").digest != shipped_plan("pinned-scsi").digest


def test_elements_come_distribution_first_then_foundation_then_features() -> None:
    plan = plan_of(feature("a", elements=("one", "two")), feature("b", elements=("two", "three")))
    assert plan.elements == (
        *("debian-minimal", "guest-tree"),
        *FOUNDATION.elements,
        *("one", "two", "three"),
    )


def test_features_come_in_the_registrys_order_whatever_the_profile_says() -> None:
    registry = shipped()
    profile = load("pinned-scsi", registry)
    backwards = replace(profile, features=dict(reversed(list(profile.features.items()))))
    assert make_plan(backwards, registry) == make_plan(profile, registry)


def test_packages_and_elements_reach_the_command_line() -> None:
    plan = plan_of(packages=("vim", "htop"))
    assert plan.argv[plan.argv.index("-p") + 1] == "vim,htop"
    assert plan.argv[-len(plan.elements) :] == plan.elements


def test_mirrors_reach_the_environment() -> None:
    plan = plan_of(mirrors=Mirrors(archive="http://mirror.example/debian"))
    assert plan.environment["DIB_DISTRIBUTION_MIRROR"] == "http://mirror.example/debian"
    assert "DIB_DEBIAN_SECURITY_MIRROR" not in plan.environment


def test_a_distribution_looks_for_its_own_kinds_of_mirrors_only() -> None:
    mirrors = Mirrors(archive="http://mirror.example/ubuntu")
    plan = plan_of(profile="ubuntu-24.04", mirrors=mirrors)
    assert plan.environment["DIB_DISTRIBUTION_MIRROR"] == "http://mirror.example/ubuntu"
    assert set(plan.distribution.mirrors) == {"archive"}


def test_the_profile_s_generator_of_initrds_reaches_the_elements() -> None:
    assert shipped_plan("base").environment["DIB_INITRAMFS"] == "initramfs-tools"
    plan = shipped_plan("debian-12-dracut")
    assert plan.environment["DIB_INITRAMFS"] == plan.distribution.initramfs == "dracut"


def test_a_claim_with_a_probe_is_to_be_exercised_and_another_to_be_present() -> None:
    checks = {"inspections": (something_there,), "probes": (something_works,)}
    plan = plan_of(
        feature(
            "a",
            claims=lambda _: (
                claim("x", "1", something_there, something_works),
                claim("y", "1", something_there),
            ),
            **checks,
        )
    )
    wanted = {one.property: (one.grade, one.proof) for one in plan.claims if one.owner == "a"}
    assert wanted == {
        "x": (Grade.EXERCISED, ("a/something-there", "a/something-works")),
        "y": (Grade.PRESENT, ("a/something-there",)),
    }


def test_a_claim_without_proof_is_only_declared() -> None:
    plan = plan_of(feature("a", claims=lambda _: (claim("x", "1"),)))
    assert plan.claims[-1].grade is Grade.DECLARED


@pytest.mark.parametrize("name", shipped_profiles())
def test_every_claim_of_a_shipped_profile_has_proof_that_is_planned(name: str) -> None:
    plan = shipped_plan(name)
    planned = {check.id for check in (*plan.inspections, *plan.probes)}
    for one in plan.claims:
        assert one.proof, f"{one.property} of {one.owner} has no proof"
        assert set(one.proof) <= planned


def test_a_check_is_planned_only_where_it_applies() -> None:
    @probe("it is never made", applies=lambda _: False)
    def never_made(_guest: Guest, _: Nothing) -> str:
        return ""

    plan = plan_of(feature("a", probes=(something_works, never_made)))
    made = {check.id for check in plan.probes} | {
        name for boot in plan.boots for name in boot.probes
    }
    assert "a/something-works" in made
    assert "a/never-made" not in made


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_an_image_that_names_its_firmware_boots_by_no_other(firmware: str) -> None:
    plan = plan_of(
        feature(
            "a",
            claims=lambda _: (claim("hw_firmware_type", firmware, something_works),),
            probes=(something_works,),
        )
    )
    assert {boot.name.partition("-")[0] for boot in plan.boots} == {firmware}
    assert {boot.machine.firmware for boot in plan.boots} == {firmware}


def test_conflicts_are_refused_all_at_once_with_both_owners() -> None:
    text = refusal(
        feature(
            "a",
            claims=lambda _: (claim("x", "1"),),
            environment=lambda _: {"DIB_A": "1"},
            needs=lambda _: (needed(ExtraSpec("hw:a", "1")),),
        ),
        feature(
            "b",
            claims=lambda _: (claim("x", "2"),),
            environment=lambda _: {"DIB_A": "2"},
            needs=lambda _: (needed(ExtraSpec("hw:a", "2")),),
        ),
    )
    assert "b sets the image property x to '2', a to '1'." in text
    assert "b sets the environment variable DIB_A to '2', a to '1'." in text
    assert "b sets the flavor extra spec hw:a to '2', a to '1'." in text


def option(value: str, **fields: Any) -> ConfigOption:
    return ConfigOption("libvirt", "cpu_mode", value, **fields)


def test_two_features_that_set_the_cloud_differently_are_refused() -> None:
    text = refusal(
        feature("a", needs=lambda _: (needed(option("custom")),)),
        feature("b", needs=lambda _: (needed(option("host-passthrough")),)),
    )
    remark = "sets the setting of the cloud nova.conf [libvirt] cpu_mode to 'host-passthrough'"
    assert f"b {remark}, a to 'custom'." in text


@pytest.mark.parametrize(
    "other",
    [
        needed(option("host-passthrough"), necessity=Necessity.ADVISED),
        needed(option("host-passthrough"), until=NovaRelease.TRAIN),
        needed(option("host-passthrough", per_host=HostFact.SHARED_CPUS)),
        needed(option("custom")),
    ],
    ids=["advice", "of an older release", "of each host", "the same"],
)
def test_what_only_looks_like_a_contradiction_is_taken(other: Need) -> None:
    plan = plan_of(
        feature("a", needs=lambda _: (needed(option("custom")),)),
        feature("b", needs=lambda _: (other,)),
    )
    assert set(plan.needs) == {"a", "b"}


def test_what_two_features_need_is_needed_once() -> None:
    need = needed(ExtraSpec("hw:a", "1"))
    plan = plan_of(feature("a", needs=lambda _: (need,)), feature("b", needs=lambda _: (need,)))
    assert plan.all_needs == (need,)
    assert plan.flavor == {"hw:a": "1"}


def test_a_plan_of_an_earlier_version_is_understood() -> None:
    data = to_json(shipped_plan("pinned-scsi"))
    del data["needs"]
    sentence = "nova.conf has hw_disk_discard = unmap in its section [libvirt]"
    data |= {"flavor": {"hw:cpu_policy": "dedicated", "vcpus": "4"}, "host": [sentence]}
    plan = from_json(data)
    assert plan.flavor == {"hw:cpu_policy": "dedicated", "vcpus": "4"}
    assert sentence in [str(need.what) for need in plan.all_needs]


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"flavor": [], "host": []},
        {"flavor": {}, "host": {}},
        {"flavor": {"vcpus": "many"}, "host": []},
        {"flavor": {"hw:a": 1}, "host": [2]},
    ],
)
def test_what_is_no_plan_of_any_version_is_refused(odd: dict[str, Any]) -> None:
    data = to_json(shipped_plan("base"))
    del data["needs"]
    with pytest.raises(ValidationError):
        from_json(data | odd)


def test_two_features_may_agree() -> None:
    agreed = {"claims": lambda _: (claim("x", "1"),), "environment": lambda _: {"DIB_A": "1"}}
    plan = plan_of(feature("a", **agreed), feature("b", **agreed))
    assert plan.environment["DIB_A"] == "1"


def test_a_feature_refuses_one_that_it_excludes_with_the_reason() -> None:
    text = refusal(feature("a", excludes={"b": "b is loud"}), feature("b"))
    assert "a excludes b: b is loud." in text
    assert plan_of(feature("a", excludes={"b": "b is loud"})).profile


def test_what_a_feature_excludes_is_a_feature() -> None:
    registry = shipped()
    assert {name for one in registry.values() for name in one.feature.excludes} <= set(registry)


def test_a_feature_cannot_choose_the_release() -> None:
    text = refusal(feature("a", environment=lambda _: {"DIB_RELEASE": "sid"}))
    assert "DIB_RELEASE to 'sid', distribution debian-12 to 'bookworm'" in text


def test_what_nova_would_ignore_is_refused_with_its_owner_and_a_remedy() -> None:
    text = refusal(feature("a", claims=lambda _: (claim("hw_scsi_model", "virtio-scsi"),)))
    assert "a asks for hw_scsi_model: without hw_disk_bus=scsi" in text
    assert "Claim hw_disk_bus=scsi as well." in text


OBJECTIONABLE: list[tuple[Mapping[str, str], Mapping[str, str], str]] = [
    ({"hw_disk_bus": "scsi"}, {}, "hw_disk_bus"),
    ({"hw_scsi_model": "virtio-scsi"}, {}, "hw_scsi_model"),
    ({"os_admin_user": "debian"}, {}, "os_admin_user"),
    ({"os_require_quiesce": "yes", "hw_qemu_guest_agent": "banana"}, {}, "os_require_quiesce"),
    ({"os_secure_boot": "required"}, {}, "os_secure_boot"),
    ({"os_secure_boot": "required", "hw_firmware_type": "bios"}, {}, "os_secure_boot"),
    ({"os_secure_boot": "required", "hw_firmware_type": "uefi"}, {}, "os_secure_boot"),
    (
        {"os_secure_boot": "required", "hw_firmware_type": "uefi", "hw_machine_type": "pc"},
        {},
        "os_secure_boot",
    ),
    ({"hw_tpm_model": "tpm-tis"}, {}, "hw_tpm_model"),
    ({"hw_tpm_model": "tpm-crb", "hw_tpm_version": "1.2"}, {}, "hw_tpm_model"),
    ({"hw_rng_model": "virtio"}, {"hw_rng:allowed": "False"}, "hw_rng_model"),
    ({"hw_cpu_policy": "dedicated"}, {"hw:cpu_policy": "shared"}, "hw_cpu_policy"),
    ({}, {"hw:cpu_thread_policy": "prefer"}, "hw:cpu_thread_policy"),
    ({"hw_cpu_thread_policy": "prefer"}, {}, "hw_cpu_thread_policy"),
    (
        {"hw_vif_multiqueue_enabled": "true"},
        {"hw:vif_multiqueue_enabled": "false"},
        "hw_vif_multiqueue_enabled",
    ),
    (
        {
            "hw_vif_multiqueue_enabled": "true",
            "hw_cpu_sockets": "1",
            "hw_cpu_cores": "1",
            "hw_cpu_threads": "1",
        },
        {},
        "hw_vif_multiqueue_enabled",
    ),
    ({"hw_watchdog_action": "reset"}, {"hw:watchdog_action": "pause"}, "hw:watchdog_action"),
    (
        {"hw_vif_multiqueue_enabled": "yes", "hw_vif_model": "e1000"},
        {},
        "hw_vif_multiqueue_enabled",
    ),
    (
        {"hw_virtio_packed_ring": "true"},
        {"hw:virtio_packed_ring": "false"},
        "hw_virtio_packed_ring",
    ),
    ({"hw_serial_port_count": "3"}, {"hw:serial_port_count": "2"}, "hw_serial_port_count"),
    ({"img_signature": "c2lnbmVk", "img_signature_hash_method": "SHA-256"}, {}, "img_signature"),
]


@pytest.mark.parametrize(("properties", "flavor", "name"), OBJECTIONABLE)
def test_nova_would_object(
    properties: Mapping[str, str], flavor: Mapping[str, str], name: str
) -> None:
    assert [one.name for one in nova_conflicts(properties, flavor)] == [name]


def test_nova_has_no_objection_to_what_fits_together() -> None:
    properties = {
        "hw_disk_bus": "scsi", "hw_scsi_model": "virtio-scsi", "hw_qemu_guest_agent": "yes",
        "os_admin_user": "debian", "os_require_quiesce": "yes", "os_secure_boot": "required",
        "hw_firmware_type": "uefi", "hw_machine_type": "pc-q35-7.2",
        "hw_vif_multiqueue_enabled": "true", "hw_watchdog_action": "reset",
        "hw_tpm_version": "2.0", "hw_tpm_model": "tpm-crb", "hw_rng_model": "virtio",
        "hw_vif_model": "virtio", "hw_serial_port_count": "2", "hw_virtio_packed_ring": "true",
        **dict.fromkeys(SIGNATURE, "x"),
    }  # fmt: skip
    flavor = {
        "hw:cpu_policy": "dedicated", "hw:cpu_thread_policy": "prefer",
        "hw:vif_multiqueue_enabled": "yes", "hw:watchdog_action": "reset",
        "hw_rng:allowed": "True", "hw:serial_port_count": "2", "hw:virtio_packed_ring": "yes",
    }  # fmt: skip
    assert nova_conflicts(properties, flavor) == []


def test_mixed_cpus_may_have_a_thread_policy() -> None:
    flavor = {"hw:cpu_policy": "mixed", "hw:cpu_thread_policy": "prefer"}
    flavor |= {"hw:cpu_dedicated_mask": "0"}
    assert nova_conflicts({}, flavor) == []


def test_the_machine_is_the_one_that_nova_would_give() -> None:
    bare = machine({}, "bios")
    assert (bare.disk_bus, bare.guest_agent, bare.watchdog, bare.multiqueue) == (
        "virtio", False, None, False,
    )  # fmt: skip
    full = shipped_plan("pinned-scsi").boots[1].machine
    assert (full.firmware, full.disk_bus, full.guest_agent, full.watchdog, full.multiqueue) == (
        "uefi", "scsi", True, "reset", True,
    )  # fmt: skip


@pytest.mark.parametrize("half", [{"hw_disk_bus": "scsi"}, {"hw_scsi_model": "virtio-scsi"}])
def test_half_of_virtio_scsi_is_no_virtio_scsi(half: Mapping[str, str]) -> None:
    assert machine(half, "bios").disk_bus == "virtio"


def test_secure_boot_random_numbers_and_a_tpm_are_hardware_too() -> None:
    seen = shipped_plan("secure-boot").boots[0].machine
    assert (seen.firmware, seen.secure_boot, seen.rng, seen.tpm) == ("uefi", True, True, "tpm-tis")


@pytest.mark.parametrize(
    ("properties", "model"),
    [
        ({}, None),
        ({"hw_tpm_model": "tpm-crb"}, None),
        ({"hw_tpm_version": "2.0"}, "tpm-tis"),
        ({"hw_tpm_version": "2.0", "hw_tpm_model": "tpm-crb"}, "tpm-crb"),
    ],
)
def test_a_tpm_is_given_by_its_version(properties: Mapping[str, str], model: str | None) -> None:
    assert machine(properties, "uefi").tpm == model


def test_secure_boot_is_of_uefi_only() -> None:
    assert not machine({"os_secure_boot": "required"}, "bios").secure_boot


def test_a_disabled_watchdog_is_no_device_and_none_is_one() -> None:
    assert machine({"hw_watchdog_action": "disabled"}, "bios").watchdog is None
    assert machine({"hw_watchdog_action": "none"}, "bios").watchdog == "none"
