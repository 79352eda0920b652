"""Checks are chosen by name; what a chosen probe needs comes with it."""

import pytest

from builder.errors import InputError
from builder.features.registry import shipped
from builder.plan.merge import make_plan
from builder.plan.model import Plan
from builder.profile.load import load
from builder.proof.checks import checks_of
from builder.proof.selection import selected


def pinned() -> Plan:
    return make_plan(load("pinned-scsi", shipped()), shipped())


def chosen(*names: str) -> Plan:
    return selected(pinned(), checks_of(pinned(), shipped()), names)


def test_without_names_everything_is_chosen() -> None:
    assert chosen() == pinned()


@pytest.mark.parametrize("name", ["root-has-grown", "foundation/root-has-grown"])
def test_a_probe_is_made_alone_in_every_boot_that_has_it(name: str) -> None:
    plan = chosen(name)
    assert plan.inspections == ()
    assert {boot.name: boot.probes for boot in plan.boots} == {
        "bios": ("foundation/root-has-grown",),
        "uefi": ("foundation/root-has-grown",),
    }


def test_an_inspection_needs_no_boot() -> None:
    plan = chosen("daemon-feeds-device")
    assert [check.id for check in plan.inspections] == ["watchdog/daemon-feeds-device"]
    assert plan.boots == ()


def test_a_feature_is_all_of_its_checks() -> None:
    plan = chosen("discard", "irqbalance-is-active")
    probes = {name for boot in plan.boots for name in boot.probes}
    of_discard = {check.id for check in pinned().probes if check.feature == "discard"}
    assert probes == of_discard | {"multiqueue/irqbalance-is-active"}
    assert {check.feature for check in plan.inspections} == {"discard"}


def test_a_probe_of_a_restarted_guest_brings_the_restart() -> None:
    plan = chosen("agent-returns-after-reboot")
    assert plan.boots[0].probes == (
        "foundation/guest-reboots",
        "guest-agent/agent-returns-after-reboot",
    )


def test_every_unknown_name_is_said_with_the_nearest() -> None:
    with pytest.raises(InputError) as failure:
        chosen("root-has-grown", "root-has-grwn", "watchdgo")
    assert failure.value.details == (
        "No 'root-has-grwn'. Did you mean 'root-has-grown'?",
        "No 'watchdgo'. Did you mean 'watchdog'?",
    )
