"""What is told of rights, accelerator, memory and space."""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from builder.build.requirements import GIB, MEMORY
from builder.doctor import machine
from builder.doctor.finding import Finding, State
from builder.host import accelerator, user_namespace
from builder.host.accelerator import Accelerator


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def free(monkeypatch: pytest.MonkeyPatch, gib: float) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1 << 50, 0, int(gib * GIB)))


def test_without_root_and_namespace_it_is_told_what_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(user_namespace, "obstacles", lambda: [("It is forbidden.", "Allow it.")])
    (found,) = machine.rights()
    assert found.state is State.LACKING
    assert "It is forbidden. What works all the same: plan, inspect, prove" in found.seen
    assert found.remedy == "Allow it. Or run builds as root (sudo)."
    assert found.facts == {"user": 1000}


def test_without_root_a_user_namespace_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(user_namespace, "obstacles", list)
    (found,) = machine.rights()
    assert found.state is State.GOOD
    assert "user namespace" in found.seen


@pytest.mark.parametrize(
    ("cpu", "opens", "state", "words"),
    [
        ("flags : fpu vmx", True, State.GOOD, "KVM: the processor has virtualisation"),
        ("flags : fpu vmx", False, State.WARNING, "Emulation: /dev/kvm cannot be opened."),
        ("flags : fpu", False, State.WARNING, "Emulation: the processor shows neither vmx nor"),
        ("flags : fpu", True, State.WARNING, "on which an ordinary kernel hangs; so it is not"),
    ],
)
def test_the_accelerator_is_the_one_that_a_proof_would_take(
    monkeypatch: pytest.MonkeyPatch, cpu: str, state: State, words: str, *, opens: bool
) -> None:
    def detect() -> Accelerator:
        return accelerator.choose(cpu, kvm_opens=opens)

    monkeypatch.setattr(accelerator, "detect", detect)
    monkeypatch.setattr(accelerator, "opens", lambda _: opens)
    (found,) = machine.acceleration()
    assert found.state is state
    assert words in found.seen
    assert found.facts == {"accelerator": detect().name, "kvm_opens": opens}
    assert bool(found.remedy) is (state is State.WARNING)


@pytest.mark.parametrize(
    ("available", "state"), [(MEMORY, State.GOOD), (MEMORY - 1, State.WARNING)]
)
def test_too_little_memory_makes_a_build_slow_and_does_not_prevent_it(
    monkeypatch: pytest.MonkeyPatch, available: int, state: State
) -> None:
    monkeypatch.setattr(machine, "available_memory", lambda: available)
    (found,) = machine.memory()
    assert found.state is state
    assert found.facts == {"available": available}


def places(directory: Path, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    monkeypatch.setenv("GUEST_IMAGE_CACHE", str(directory / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(directory))
    monkeypatch.setattr(machine, "works_in_memory", lambda: True)
    return [*machine.space(directory / "dist")]


@pytest.mark.parametrize(
    ("gib", "lacking"),
    [
        (2, []),
        (1.9, ["space: output", "space: temporary"]),
        (0.9, ["space: output", "space: cache", "space: temporary"]),
    ],
)
def test_each_place_needs_its_own_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gib: float, lacking: list[str]
) -> None:
    free(monkeypatch, gib)
    found = places(tmp_path, monkeypatch)
    assert [finding.subject for finding in found if finding.state is State.LACKING] == lacking
    assert found[0].facts == {
        "directory": f"{tmp_path}/dist",
        "free": int(gib * GIB),
        "needed": 2 * GIB,
    }


def test_a_place_says_how_to_choose_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, 0)
    found = places(tmp_path, monkeypatch)
    words = ["--output", "GUEST_IMAGE_CACHE", "TMPDIR"]
    assert [word in finding.remedy for word, finding in zip(words, found, strict=True)] == [
        True
    ] * 3


def test_a_place_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _: path != tmp_path)
    found = places(tmp_path, monkeypatch)
    assert found[0].seen == f"{tmp_path}/dist cannot be written."
    assert found[0].state is State.LACKING


def test_a_path_that_no_build_can_work_in_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = places(tmp_path / "two words", monkeypatch)
    assert found[0].seen.startswith("No build can work in ")
