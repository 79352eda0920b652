"""Windows as its registry tells of it."""

import pytest
from fakes import FakeFilesystem
from windows_registry import REGISTRY, VERSION, disk

from builder import windows
from builder.adopt.distribution import distribution_of
from builder.windows import Release


def test_a_windows_is_a_distribution_of_its_own() -> None:
    found = distribution_of(disk({}))
    assert (found.name, found.os_distro, found.os_version) == ("windows-10.0", "windows", "10.0")
    assert (found.architecture, found.default_user) == ("x86_64", "Administrator")


def test_an_old_windows_has_its_version_in_one_text() -> None:
    old = {VERSION: {"ProductName": "Windows 7", "CurrentVersion": "6.1"}}
    assert windows.release(disk(old)) == Release("Windows 7", "6.1", "x86_64")


@pytest.mark.parametrize(
    "of",
    [
        pytest.param(FakeFilesystem({}), id="no file"),
        pytest.param(disk(dict.fromkeys(REGISTRY)), id="empty hives"),
        pytest.param(FakeFilesystem({"/Windows/System32": b""}), id="no hive"),
    ],
)
def test_a_disk_whose_registry_names_no_release_has_no_windows(of: FakeFilesystem) -> None:
    assert windows.release(of) is None
    assert distribution_of(of).name == "unknown"
