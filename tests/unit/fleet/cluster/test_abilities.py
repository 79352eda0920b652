"""What machines announce, and which of them can do a job."""

import pytest

from builder.architecture import AARCH64
from builder.fleet.cluster import abilities
from builder.fleet.cluster.abilities import found, lacking, wanted
from builder.fleet.graph import Kind, Step
from builder.fleet.job import Job
from builder.fleet.model import Cloud


def job(kind: Kind, cloud: str = "") -> Job:
    return Job(Step("a", kind, cloud), {}, Cloud())


ALL = {"slots": 2.0, "memory": 16.0, "builds": 2.0, "proves": 2.0, "clouds": 2.0, "x86_64": 2.0}


def test_a_machine_that_has_all_can_do_all() -> None:
    assert not any(lacking(job(kind), [ALL]) for kind in Kind)


@pytest.mark.parametrize(
    ("kind", "ability"),
    [
        (Kind.BUILD, "builds"),
        (Kind.BUILD, "x86_64"),
        (Kind.PROOF, "proves"),
        (Kind.STAGING, "clouds"),
    ],
)
def test_what_nobody_has_is_named(kind: Kind, ability: str) -> None:
    without = {name: count for name, count in ALL.items() if name != ability}
    assert lacking(job(kind), [without]) == [ability]
    assert lacking(job(kind), [without, ALL]) == []


def test_abilities_of_two_machines_are_no_machine_that_has_both() -> None:
    first = {name: count for name, count in ALL.items() if name != "builds"}
    second = {name: count for name, count in ALL.items() if name != "x86_64"}
    assert lacking(job(Kind.BUILD), [first, second]) == [
        "slots with memory with builds with x86_64"
    ]


def test_clouds_want_no_slot() -> None:
    assert "slots" not in wanted(job(Kind.PRODUCTION, "prod"))


def test_a_machine_announces_each_ability_for_each_slot() -> None:
    announced = found(3)
    assert announced["slots"] == 3
    assert announced["memory"] >= 5
    assert {announced.get(name, 3) for name in ("builds", "proves", "kvm", "clouds")} == {3}


def test_a_machine_announces_the_architectures_whose_programs_run_on_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reason = ("programs of aarch64 do not run here", "register it")
    monkeypatch.setattr(abilities, "obstacle", lambda each: reason if each is AARCH64 else None)
    assert found(2).keys() & {"x86_64", "aarch64"} == {"x86_64"}
    monkeypatch.setattr(abilities, "obstacle", lambda _: None)
    assert found(2).keys() & {"x86_64", "aarch64"} == {"x86_64", "aarch64"}
