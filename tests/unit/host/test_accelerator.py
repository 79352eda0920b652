"""KVM where it is asked for by name."""

import platform
from pathlib import Path

import pytest

from builder.errors import HostError
from builder.host import accelerator


def test_a_kvm_that_does_not_open_is_refused_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(accelerator, "KVM", Path("/dev/no-such-kvm"))
    with pytest.raises(HostError, match="/dev/no-such-kvm cannot be opened") as caught:
        accelerator.asked_for("kvm")
    assert "Leave out --accel kvm" in caught.value.hint
    assert accelerator.asked_for("tcg").name == "tcg"


def test_a_guest_of_another_architecture_is_emulated(monkeypatch: pytest.MonkeyPatch) -> None:
    kvm = accelerator.Accelerator("kvm", "the processor has it")
    monkeypatch.setattr(accelerator, "detect", lambda: kvm)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert accelerator.for_guest("x86_64") == kvm
    emulated = accelerator.for_guest("aarch64")
    assert (emulated.name, emulated.reason) == ("tcg", "the processor is not one of aarch64")
    asked = accelerator.asked_for("tcg")
    assert accelerator.for_guest("x86_64", asked) == asked


def test_kvm_is_refused_for_a_guest_of_another_architecture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    with pytest.raises(HostError, match="no guest of aarch64 on a processor of x86_64") as caught:
        accelerator.for_guest("aarch64", accelerator.Accelerator("kvm", "asked for"))
    assert "Leave out --accel kvm" in caught.value.hint
