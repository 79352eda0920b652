import sys
from pathlib import Path

import pytest

from builder.archive.rpm.libsolv import load_libsolv
from builder.errors import HostError
from builder.host import system_modules


def test_a_missing_binding_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "solv", None)
    monkeypatch.setattr(system_modules, "DIRECTORIES", (Path("/nonexistent"),))
    with pytest.raises(HostError, match="is not installed for this Python") as error:
        load_libsolv()
    assert "apt-get install python3-solv" in error.value.hint


def test_a_broken_binding_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "solv.py").touch()
    (tmp_path / "_solv.abi3.so").write_bytes(b"no library")
    monkeypatch.setitem(sys.modules, "solv", None)
    monkeypatch.delitem(sys.modules, "_solv", raising=False)
    monkeypatch.setattr(system_modules, "DIRECTORIES", (tmp_path,))
    with pytest.raises(HostError, match="cannot be loaded") as error:
        load_libsolv()
    assert error.value.details
