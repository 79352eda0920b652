"""KVM where it is asked for by name."""

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
