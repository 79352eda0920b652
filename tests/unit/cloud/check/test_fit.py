"""A flavor is one for an image, or it lacks something, or Nova has something against the pair."""

from dataclasses import replace

import pytest
from cloud_views import PINNED, flavor, wanted

from builder.cloud.check.fit import fit, satisfies
from builder.cloud.plan.plan import OwnedNeed
from builder.feature.needs import ExtraSpec, FlavorVcpus, Necessity, Need, Needed


def needing(what: Needed, necessity: Necessity = Necessity.REQUIRED) -> OwnedNeed:
    return OwnedNeed(Need(what=what, reason="", source="", necessity=necessity), ("a feature",))


def reasons(specs: dict[str, str] | None, *needs: OwnedNeed, **size: int) -> list[str]:
    """Of a flavor, for an image with these needs besides those of pinned-scsi."""
    base = wanted()
    plan = replace(base.plan, needs=(*base.plan.needs, *needs))
    wishes = replace(base, plan=plan, memory=1024, disk=5)
    return fit(wishes, flavor(specs=specs, **size)).reasons


def test_a_flavor_with_all_that_is_needed_fits() -> None:
    assert reasons(PINNED) == []
    assert reasons({**PINNED, "quota:cpu_shares": "1"}, disk=0) == []


def test_a_flavor_that_is_too_small_does_not() -> None:
    assert reasons(PINNED, ram=512, disk=4) == [
        "lacks 1024 MiB of memory (it has 512)",
        "lacks a disk of 5 GiB (it has 4)",
    ]


def test_extra_specs_that_are_not_seen_are_not_judged() -> None:
    found = fit(wanted(), flavor())
    assert (found.known, found.good) == (False, True)


@pytest.mark.parametrize(
    ("need", "vcpus", "good"),
    [
        (FlavorVcpus(4), 4, True),
        (FlavorVcpus(4), 5, False),
        (FlavorVcpus(4, at_least=True), 5, True),
        (FlavorVcpus(4, at_least=True), 3, False),
    ],
)
def test_vcpus_are_counted(need: FlavorVcpus, vcpus: int, good: bool) -> None:  # noqa: FBT001
    assert (reasons(PINNED, needing(need), vcpus=vcpus) == []) == good
    assert reasons(PINNED, needing(need, Necessity.ADVISED), vcpus=vcpus) == []


def test_a_limit_is_satisfied_by_more() -> None:
    spec = ExtraSpec("hw:serial_port_count", "2", at_least=True)
    assert reasons({**PINNED, spec.name: "3"}, needing(spec)) == []
    assert reasons(PINNED, needing(spec)) == ["lacks hw:serial_port_count=2 or more"]
    assert reasons({**PINNED, spec.name: "1"}, needing(spec)) == [
        "lacks hw:serial_port_count=2 or more (it has 1)"
    ]


def test_what_must_be_consistent_may_be_left_out() -> None:
    spec = needing(ExtraSpec("hw:mem_page_size", "large"), Necessity.CONSISTENT)
    assert reasons(PINNED, spec) == []
    assert reasons({**PINNED, "hw:mem_page_size": "small"}, spec) == [
        "lacks hw:mem_page_size=large (it has small)"
    ]


def test_what_nova_has_against_the_pair_is_told_in_its_words_and_once() -> None:
    (reason,) = reasons({**PINNED, "hw:watchdog_action": "poweroff"})
    assert reason == "hw:watchdog_action: the image's hw_watchdog_action beats it"


@pytest.mark.parametrize(
    ("wanted_value", "value", "good"),
    [("true", "True", True), ("true", "on", True), ("true", "0", False), ("a", "A", False)],
)
def test_nova_reads_several_words_as_one_truth(wanted_value: str, value: str, good: bool) -> None:  # noqa: FBT001
    assert satisfies(ExtraSpec("x", wanted_value), value) == good
