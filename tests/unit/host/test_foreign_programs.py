"""Whether programs of another architecture run here, by what the kernel says of binfmt_misc."""

import platform
from pathlib import Path

import pytest

from builder.architecture import AARCH64, ARCHITECTURES, X86_64
from builder.host.foreign_programs import is_foreign, obstacle

# As the kernel shows what Debian 12's qemu-user-static has registered.
EMULATOR = """\
enabled
interpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P
flags: POF
offset 0
magic 7f454c460201010000000000000000000200b700
mask ffffffffffffff00fffffffffffffffffeffffff
"""
PYTHON = "enabled\ninterpreter /usr/bin/python3.11\nflags: \nextension .pyc\n"


@pytest.fixture(autouse=True)
def on_x86(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")


def registered(directory: Path, status: str = "enabled", **entries: str) -> Path:
    """Lay out a binfmt_misc that is mounted, and has these entries."""
    (directory / "status").write_text(f"{status}\n")
    (directory / "register").touch(mode=0o200)
    for name, text in entries.items():
        (directory / name).write_text(text)
    return directory


def test_an_emulator_that_the_kernel_has_opened_runs_them(tmp_path: Path) -> None:
    assert obstacle(AARCH64, registered(tmp_path, python=PYTHON, qemu=EMULATOR)) is None


@pytest.mark.parametrize("status", ["enabled", "disabled"])
@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (PYTHON, "no emulator"),
        (EMULATOR.replace("enabled", "disabled"), "no emulator"),
        (EMULATOR.replace("b700\n", "f300\n"), "no emulator"),  # RISC-V's
        (EMULATOR.replace("POF", "PO"), "without the flag F"),
    ],
)
def test_what_is_lacking_is_told_with_what_helps(
    tmp_path: Path, status: str, entry: str, reason: str
) -> None:
    found = obstacle(AARCH64, registered(tmp_path, status, qemu=entry))
    assert found is not None
    why, remedy = found
    assert "programs of aarch64 do not run here" in why
    assert (reason if status == "enabled" else "no emulator") in why
    assert "systemd-binfmt" in remedy


def test_a_binfmt_misc_that_is_not_mounted_is_told(tmp_path: Path) -> None:
    found = obstacle(AARCH64, tmp_path)
    assert found is not None
    assert f"{tmp_path} is not mounted" in found[0]
    assert found[1].startswith(f"mount -t binfmt_misc binfmt_misc {tmp_path}")


def test_nothing_need_be_registered_for_the_machine_s_own_programs(tmp_path: Path) -> None:
    assert obstacle(X86_64, tmp_path) is None
    assert [name for name in ARCHITECTURES if is_foreign(ARCHITECTURES[name])] == ["aarch64"]
