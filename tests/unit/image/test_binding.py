"""What this machine may lack for libguestfs, and what the user is told to do about it."""

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from builder.errors import HostError
from builder.host import system_modules
from builder.image import binding as libguestfs
from builder.image import filesystem


def refusal() -> HostError:
    with pytest.raises(HostError) as error, filesystem.open_image(Path("any.raw"), "raw"):
        pytest.fail("it must not open")
    return error.value


def test_a_missing_binding_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "guestfs", None)
    monkeypatch.setattr(system_modules, "DIRECTORIES", (Path("/nonexistent"),))
    error = refusal()
    assert "binding is not installed for this Python" in error.message
    assert "apt-get install python3-guestfs" in error.hint


def test_a_binding_of_another_python_is_not_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "guestfs.py").write_text("raise SystemExit('loaded')")
    (tmp_path / "libguestfsmod.cpython-27-x86_64-linux-gnu.so").touch()
    monkeypatch.setitem(sys.modules, "guestfs", None)
    monkeypatch.setattr(system_modules, "DIRECTORIES", (tmp_path,))
    assert "/usr/bin/python3" in refusal().hint


def test_a_broken_binding_says_so_and_leaves_nothing_half_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "guestfs.py").touch()
    (tmp_path / "libguestfsmod.abi3.so").write_bytes(b"no library")
    monkeypatch.setitem(sys.modules, "guestfs", None)
    monkeypatch.delitem(sys.modules, "libguestfsmod", raising=False)
    monkeypatch.setattr(system_modules, "DIRECTORIES", (tmp_path,))
    assert "--reinstall python3-guestfs" in refusal().hint
    assert "libguestfsmod" not in sys.modules


@pytest.fixture
def binding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A binding that is there, and the root of a machine without a kernel."""
    monkeypatch.setitem(sys.modules, "guestfs", ModuleType("guestfs"))
    monkeypatch.setattr(libguestfs, "_ROOT", tmp_path)
    for variable in ("LIBGUESTFS_PATH", "SUPERMIN_KERNEL"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "boot").mkdir()
    return tmp_path


def test_a_machine_without_a_kernel_is_told_to_install_one(binding: Path) -> None:
    assert "apt-get install linux-image-cloud-amd64" in refusal().hint


def test_an_unreadable_kernel_is_named(binding: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = binding / "boot" / "vmlinuz-6.1.0"
    kernel.touch()
    monkeypatch.setattr(os, "access", lambda *_: False)  # root could read it
    error = refusal()
    assert error.details == (f"unreadable: {kernel}",)
    assert "chmod 0644 /boot/vmlinuz-*" in error.hint
