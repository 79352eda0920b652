"""What machines announce, and which of them can do a job."""

import tempfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from builder.architecture import AARCH64, ARCHITECTURES
from builder.errors import HostError
from builder.feature import Machine
from builder.fleet.cluster import abilities
from builder.fleet.cluster.abilities import found, lacking, wanted
from builder.fleet.graph import Kind, Step
from builder.fleet.job import Job
from builder.fleet.model import Cloud
from builder.host.room import GIB


def job(kind: Kind, cloud: str = "") -> Job:
    return Job(Step("a", kind, cloud), {}, Cloud(), machines=MACHINES)


KINDS = ("slots", "builds", "proves", "clouds", "x86_64", "guests-x86_64", "uefi-x86_64")
ALL = {**dict.fromkeys(KINDS, 2.0), "memory": 16.0, "space": 16.0}
MACHINES = (Machine(), Machine(firmware="uefi", machine_type="q35"))


def test_a_machine_that_has_all_can_do_all() -> None:
    assert not any(lacking(job(kind), [ALL]) for kind in Kind)


@pytest.mark.parametrize(
    ("kind", "ability"),
    [
        (Kind.BUILD, "builds"),
        (Kind.BUILD, "x86_64"),
        (Kind.BUILD, "space"),
        (Kind.PROOF, "proves"),
        (Kind.PROOF, "space"),
        (Kind.PROOF, "guests-x86_64"),
        (Kind.PROOF, "uefi-x86_64"),
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
        "slots with memory with space with builds with x86_64"
    ]


def test_clouds_want_no_slot() -> None:
    assert "slots" not in wanted(job(Kind.PRODUCTION, "prod"))


@pytest.mark.parametrize(
    ("machine", "needs"),
    [
        (Machine(), {"guests-x86_64"}),
        (
            Machine(firmware="uefi", secure_boot=True, tpm="tpm-crb"),
            {"guests-x86_64", "secure-boot-x86_64", "tpm"},
        ),
        (
            Machine(architecture="aarch64", firmware="uefi", machine_type="virt", multiqueue=True),
            {"guests-aarch64", "uefi-aarch64", "multiqueue"},
        ),
    ],
)
def test_a_proof_goes_where_its_machines_can_be_had(machine: Machine, needs: set[str]) -> None:
    wants = wanted(replace(job(Kind.PROOF), machines=(machine,)))
    assert wants.keys() - {"slots", "memory", "space", "proves"} == needs


def test_a_machine_announces_the_firmware_that_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def files(machine: Machine) -> None:
        if machine.secure_boot or machine.architecture == AARCH64.name:
            raise HostError("There is none.")

    monkeypatch.setattr(abilities, "uefi_files", files)
    kinds = {f"{kind}-{name}" for kind in ("uefi", "secure-boot") for name in ARCHITECTURES}
    assert found(2, tmp_path).keys() & kinds == {"uefi-x86_64"}


def test_a_machine_announces_the_space_of_the_smaller_of_its_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = {tmp_path: 3, Path(tempfile.gettempdir()): 5}
    monkeypatch.setattr(
        abilities.shutil, "disk_usage", lambda path: SimpleNamespace(free=usage[path] * GIB)
    )
    assert found(2, tmp_path / "dist")["space"] == 3


def test_a_machine_announces_each_ability_for_each_slot(tmp_path: Path) -> None:
    announced = found(3, tmp_path)
    assert announced["slots"] == 3
    assert announced["memory"] >= 5
    assert {announced.get(name, 3) for name in ("builds", "proves", "kvm", "clouds")} == {3}


def test_a_machine_announces_the_architectures_whose_programs_run_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = ("programs of aarch64 do not run here", "register it")
    monkeypatch.setattr(abilities, "obstacle", lambda each: reason if each is AARCH64 else None)
    assert found(2, tmp_path).keys() & {"x86_64", "aarch64"} == {"x86_64"}
    monkeypatch.setattr(abilities, "obstacle", lambda _: None)
    assert found(2, tmp_path).keys() & {"x86_64", "aarch64"} == {"x86_64", "aarch64"}
