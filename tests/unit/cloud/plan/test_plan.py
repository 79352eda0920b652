"""The plan of a cloud's half: which needs are a release's, and whose."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from cloud_plans import demanding, needed, plan_of

from builder.cloud.plan.ability import ABILITIES
from builder.cloud.plan.plan import cloud_plan
from builder.cloud.plan.text import cloud_plan_json, cloud_plan_text
from builder.feature import ExtraSpec, FlavorVcpus, Necessity, NovaRelease, SchedulerFilter
from builder.feature.nova_release import CLOUDS, NEWEST
from builder.profile.model import Disk
from builder.profile.publication import Publication
from builder.terminal.output import rendered

BASE = plan_of("base")


def texts(release: NovaRelease) -> set[str]:
    return {str(owned.need.what) for owned in demanding(release).needs}


@pytest.mark.parametrize(
    ("first", "since", "before"),
    [
        (NovaRelease.TRAIN, "[compute] cpu_dedicated_set", "[DEFAULT] vcpu_pin_set"),
        (NovaRelease.TRAIN, "HW_CPU_HYPERTHREADING", "pinned=true"),
        (NovaRelease.XENA, "[devices] enabled_mdev_types", "[devices] enabled_vgpu_types"),
        (
            NovaRelease.CARACAL,
            "COMPUTE_NET_VIRTIO_PACKED",
            "Nova passes over the property, and the rings are split",
        ),
    ],
)
def test_each_release_is_told_what_it_wants_itself(
    first: NovaRelease, since: str, before: str
) -> None:
    assert since in texts(first)
    assert before not in texts(first)
    assert since not in texts(NovaRelease(first - 1))
    assert before in texts(NovaRelease(first - 1))


def test_a_need_of_two_features_is_told_once_with_both() -> None:
    need = needed(SchedulerFilter("NUMATopologyFilter"))
    plan = replace(BASE, needs={"a": (need,), "b": (need,)})
    (owned,) = cloud_plan(plan, NEWEST).needs
    assert (owned.need, owned.owners) == (need, ("a", "b"))


def test_what_the_cloud_shall_do_besides_is_needed_only_where_it_is_asked_for() -> None:
    without = cloud_plan(BASE, NEWEST)
    asked = cloud_plan(BASE, NEWEST, [ABILITIES["soft-delete"]])
    assert without.needs == ()
    assert {owned.owners for owned in asked.needs} == {("soft-delete",)}
    options = [str(owned.need.what) for owned in asked.needs]
    assert "[DEFAULT] reclaim_instance_interval = 604800" in options


def test_a_flavor_that_will_do_has_what_the_profile_says_and_as_many_vcpus_as_are_needed() -> None:
    plan = replace(
        BASE,
        disk=Disk(size_gib=40),
        publish=Publication(min_ram_mib=4096),
        needs={
            "a": (needed(FlavorVcpus(4)),),
            "b": (needed(FlavorVcpus(2, at_least=True), Necessity.ADVISED),),
        },
    )
    size = cloud_plan(plan, NEWEST).size
    assert (size.vcpus, size.ram, size.disk) == (4, 4096, 40)
    usual = cloud_plan(BASE, NEWEST).size
    assert (usual.vcpus, usual.ram, usual.disk) == (2, 2048, 10)


def test_the_flavor_has_extra_specs_and_its_vcpus_are_none() -> None:
    specs = demanding().extra_specs
    assert specs["hw:cpu_policy"] == "dedicated"
    assert "vcpus" not in specs
    assert "hw:watchdog_action" not in specs  # the image's own is enough


def test_the_table_is_as_recorded(golden: Callable[[str, str], None]) -> None:
    golden(rendered(cloud_plan_text(demanding(NovaRelease.EPOXY)), None), "cloud/epoxy.txt")


def test_the_json_is_as_recorded(golden: Callable[[str, str], None]) -> None:
    data = cloud_plan_json(demanding(NovaRelease.EPOXY))
    golden(json.dumps(data, indent=2, ensure_ascii=False) + "\n", "cloud/epoxy.json")


def text_of(*needs: object) -> str:
    plan = replace(BASE, needs={"a": needs})  # type: ignore[arg-type]
    return rendered(cloud_plan_text(cloud_plan(plan, NEWEST)), None)


def test_what_is_required_stands_before_what_is_advised_and_what_is_left_alone() -> None:
    text = text_of(
        needed(ExtraSpec("hw:c", "1"), Necessity.CONSISTENT),
        needed(ExtraSpec("hw:b", "1"), Necessity.ADVISED),
        needed(ExtraSpec("hw:a", "1")),
    )
    assert text.splitlines() == [
        "base on Nova 2026.2 (Hibiscus)",
        "",
        "flavor",
        "  hw:a=1",
        "      Required by a. It is so.",
        "  hw:b=1",
        "      Advised by a. It is so.",
        "  hw:c=1",
        "      Needed where it is set at all, by a. It is so.",
    ]


def test_a_profile_that_needs_nothing_says_so() -> None:
    assert "It needs nothing of a cloud" in text_of()


@pytest.mark.parametrize("release", CLOUDS)
def test_every_need_is_shown(release: NovaRelease) -> None:
    plan = demanding(release)
    shown = rendered(cloud_plan_text(plan), None)
    for owned in plan.needs:
        assert str(owned.need.what) in shown
        assert owned.need.reason in shown


def test_programs_get_every_need_whole() -> None:
    data = cloud_plan_json(demanding(NovaRelease.EPOXY))
    assert data["nova"] == {"release": 31, "name": "2025.1 (Epoxy)"}
    assert data["flavor"]["extra_specs"]["resources:VGPU"] == "1"
    (option,) = [need for need in data["needs"] if "cpu_dedicated_set" in need["text"]]
    assert option["place"] == "nova.conf"
    assert option["owners"] == ["cpu-pinning"]
    assert option["what"]["per_host"] == "dedicated-cpus"
    assert option["since"] == int(NovaRelease.TRAIN)
    assert option["text"].endswith("each host's own, such as 8-19,28-39")
