"""A profile and its features are merged into a plan, or refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from samples import plan as shipped_plan

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
from builder.plan.merge import make_plan
from builder.plan.model import Plan, to_json
from builder.profile.load import load, shipped_profiles
from builder.profile.mirrors import Mirrors


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
    registry = {feature.name: Registered(feature, "a test") for feature in features}
    given = {feature.name: feature.parameters() for feature in features}
    return make_plan(replace(load(profile, shipped()), features=given, **changes), registry)


def needed(what: Needed, **fields: Any) -> Need:
    return Need(what=what, reason="It is so.", source="a test", **fields)


def feature(name: str, **fields: Any) -> Feature[Nothing]:
    return Feature(name=name, summary="a test", parameters=Nothing, **fields)


def refusal(*features: Feature[Any]) -> str:
    with pytest.raises(InputError) as caught:
        plan_of(*features)
    return str(caught.value)


@pytest.mark.parametrize("name", shipped_profiles())
def test_the_plan_of_a_shipped_profile_is_as_recorded(
    name: str, golden: Callable[[str, str], None]
) -> None:
    text = json.dumps(to_json(shipped_plan(name)), indent=2, ensure_ascii=False)
    golden(f"{text}\n", f"plans/{name}.json")


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
    wanted = {
        claim.property: (claim.grade, claim.proof) for claim in plan.claims if claim.owner == "a"
    }
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
    for claim in plan.claims:
        assert claim.proof, f"{claim.property} of {claim.owner} has no proof"
        assert set(claim.proof) <= planned


def test_a_check_is_planned_only_where_it_applies() -> None:
    @probe("it is never made", applies=lambda _: False)
    def never_made(_guest: Guest, _: Nothing) -> str:
        return ""

    plan = plan_of(feature("a", probes=(something_works, never_made)))
    names = {check.id for check in plan.probes} | {
        name for boot in plan.boots for name in boot.probes
    }
    assert "a/something-works" in names
    assert "a/never-made" not in names


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
    assert {
        name for registered in registry.values() for name in registered.feature.excludes
    } <= set(registry)


def test_a_feature_cannot_choose_the_release() -> None:
    text = refusal(feature("a", environment=lambda _: {"DIB_RELEASE": "sid"}))
    assert "DIB_RELEASE to 'sid', distribution debian-12 to 'bookworm'" in text


def test_what_nova_would_ignore_is_refused_with_its_owner_and_a_remedy() -> None:
    text = refusal(feature("a", claims=lambda _: (claim("hw_scsi_model", "virtio-scsi"),)))
    assert "a asks for hw_scsi_model: without hw_disk_bus=scsi" in text
    assert "Claim hw_disk_bus=scsi as well." in text
