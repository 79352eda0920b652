from dataclasses import replace
from typing import Any

import pytest
from samples import plan

from builder.compare.change import Change
from builder.compare.plans import plan_changes
from builder.feature import AggregateMetadata, ConfigOption, ExtraSpec, Necessity, NovaRelease
from builder.plan.model import Plan

PLAN = plan("pinned-scsi")


def needing(feature: str, number: int, **fields: Any) -> Plan:
    """The plan in which one need of a feature says something else."""
    needs = list(PLAN.needs[feature])
    needs[number] = replace(needs[number], **fields)
    return replace(PLAN, needs={**PLAN.needs, feature: tuple(needs)})


def without(name: str) -> Plan:
    rest = {feature: values for feature, values in PLAN.parameters.items() if feature != name}
    return replace(PLAN, parameters=rest)


@pytest.mark.parametrize(
    ("new", "change"),
    [
        (replace(PLAN, description="x"), ("description", PLAN.description, "x")),
        (replace(PLAN, packages=("vim",)), ("packages", [], ["vim"])),
        (replace(PLAN, elements=PLAN.elements[:-1]), ("elements", [PLAN.elements[-1]], [])),
        (
            replace(PLAN, elements=(*PLAN.elements[1:], PLAN.elements[0])),
            ("elements", [*PLAN.elements], [*PLAN.elements[1:], PLAN.elements[0]]),
        ),
        (replace(PLAN, environment={**PLAN.environment, "A": "b"}), ("environment.A", None, "b")),
        (
            replace(PLAN, parameters={**PLAN.parameters, "watchdog": {"action": "none"}}),
            ("features.watchdog.action", "reset", "none"),
        ),
        (without("multiqueue"), ("features", ["multiqueue"], [])),
        (
            replace(PLAN, disk=PLAN.disk.model_copy(update={"extra_mib": 1})),
            ("disk.extra_mib", 256, 1),
        ),
        (
            replace(PLAN, distribution=replace(PLAN.distribution, release="x")),
            ("distribution.release", "bookworm", "x"),
        ),
        (
            replace(PLAN, publish=PLAN.publish.model_copy(update={"keep_last": 3})),
            ("publish.keep_last", None, 3),
        ),
        (
            needing("cpu-pinning", 0, what=ExtraSpec("hw:cpu_policy", "mixed")),
            ("needs.cpu-pinning", ["hw:cpu_policy=dedicated"], ["hw:cpu_policy=mixed"]),
        ),
        (
            needing("cpu-pinning", 3, what=AggregateMetadata("pinned", "yes")),
            ("needs.cpu-pinning", ["pinned=true (until Stein)"], ["pinned=yes (until Stein)"]),
        ),
        (
            needing("discard", 0, what=ConfigOption("libvirt", "hw_disk_discard", "ignore")),
            (
                "needs.discard",
                ["[libvirt] hw_disk_discard = unmap"],
                ["[libvirt] hw_disk_discard = ignore"],
            ),
        ),
        (
            needing("watchdog", 0, necessity=Necessity.REQUIRED, since=NovaRelease.EPOXY),
            (
                "needs.watchdog",
                ["hw:watchdog_action=reset (consistent)"],
                ["hw:watchdog_action=reset (since 2025.1 (Epoxy))"],
            ),
        ),
        (
            needing("discard", 0, hosts="with SSDs"),
            (
                "needs.discard",
                ["[libvirt] hw_disk_discard = unmap"],
                ["[libvirt] hw_disk_discard = unmap (on hosts with SSDs)"],
            ),
        ),
        (
            replace(PLAN, needs={}),
            ("needs.watchdog", ["hw:watchdog_action=reset (consistent)"], None),
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_change_is_told_by_the_path_of_its_key(new: Plan, change: tuple[str, Any, Any]) -> None:
    assert Change(*change) in plan_changes(PLAN, new)
    assert Change(change[0], change[2], change[1]) in plan_changes(new, PLAN)


def test_another_machine_is_told_by_what_differs_in_it() -> None:
    boot = PLAN.boots[0]
    other = replace(boot, machine=replace(boot.machine, vcpus=9))
    assert plan_changes(PLAN, replace(PLAN, boots=(other, *PLAN.boots[1:]))) == (
        Change(f"boots.{boot.name}", ["4 vCPUs"], ["9 vCPUs"]),
    )


def test_a_device_that_came_to_a_machine_is_told() -> None:
    boot = PLAN.boots[0]
    other = replace(boot, machine=replace(boot.machine, tpm="tpm-crb"))
    (change,) = plan_changes(PLAN, replace(PLAN, boots=(other, *PLAN.boots[1:])))
    assert change.old == []
    assert change.new is not None
    assert "tpm-crb" in str(change.new).lower()


def test_a_boot_that_only_one_plan_has_is_told_by_its_name() -> None:
    fewer = replace(PLAN, boots=PLAN.boots[1:])
    assert plan_changes(PLAN, fewer) == (Change("boots", [PLAN.boots[0].name], []),)


def test_what_follows_from_the_rest_is_not_told_twice() -> None:
    other = replace(PLAN, argv=("other",), claims=(), probes=(), inspections=())
    assert plan_changes(PLAN, other) == ()


def test_another_reason_for_a_need_is_no_difference() -> None:
    assert plan_changes(PLAN, needing("watchdog", 0, reason="Because.", source="x")) == ()


def test_equal_plans_have_no_difference() -> None:
    assert plan_changes(PLAN, plan("pinned-scsi")) == ()
