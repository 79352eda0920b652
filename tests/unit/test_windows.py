"""Windows as its registry tells of it."""

from collections.abc import Mapping

import pytest
from fakes import FakeFilesystem

from builder import windows
from builder.adopt.distribution import distribution_of
from builder.distribution import Distribution
from builder.feature import CheckFailed, Inspection
from builder.features.registry import WINDOWS, parameters_of
from builder.windows import Release

# Windows writes its directories in whichever case it likes.
CONFIG = "/Windows/System32/Config"
VERSION = (f"{CONFIG}/SOFTWARE", r"Microsoft\Windows NT\CurrentVersion")
SELECT = (f"{CONFIG}/SYSTEM", "Select")
ENVIRONMENT = (f"{CONFIG}/SYSTEM", r"ControlSet002\Control\Session Manager\Environment")
VIOSCSI = (f"{CONFIG}/SYSTEM", r"ControlSet002\Services\vioscsi")
AGENT = (f"{CONFIG}/SYSTEM", r"ControlSet002\Services\QEMU-GA")
DRIVER = "/Windows/System32/drivers/vioscsi.sys"

Registry = Mapping[tuple[str, str], Mapping[str, str | int]]

REGISTRY: Registry = {
    VERSION: {
        "ProductName": "Windows Server 2022 Standard",
        "CurrentVersion": "6.3",
        "CurrentMajorVersionNumber": 10,
        "CurrentMinorVersionNumber": 0,
    },
    SELECT: {"Current": 2, "Default": 1},
    ENVIRONMENT: {"PROCESSOR_ARCHITECTURE": "AMD64"},
    VIOSCSI: {"Start": 0, "Type": 1},
    AGENT: {"Start": 2},
}


def disk(registry: Registry, *, driver: bool = True) -> FakeFilesystem:
    files = {f"{CONFIG}/SOFTWARE": b"", f"{CONFIG}/SYSTEM": b""}
    return FakeFilesystem({**files, **({DRIVER: b""} if driver else {})}, registry)


def without(*keys: tuple[str, str]) -> Registry:
    return {key: values for key, values in REGISTRY.items() if key not in keys}


def windows_10() -> Distribution:
    return distribution_of(disk(REGISTRY))


def inspect(name: str, of: FakeFilesystem) -> str:
    inspections: dict[str, Inspection] = {one.name: one for one in WINDOWS.inspections}
    return inspections[name].function(of, parameters_of(WINDOWS, {}, windows_10()))


def test_a_windows_is_a_distribution_of_its_own() -> None:
    found = windows_10()
    assert (found.name, found.os_distro, found.os_version) == ("windows-10.0", "windows", "10.0")
    assert (found.architecture, found.default_user) == ("x86_64", "Administrator")


def test_an_old_windows_has_its_version_in_one_text() -> None:
    old = {**REGISTRY, VERSION: {"ProductName": "Windows 7", "CurrentVersion": "6.1"}}
    assert windows.release(disk(old)) == Release("Windows 7", "6.1", "x86_64")


@pytest.mark.parametrize(
    "of", [FakeFilesystem({}), disk({}), FakeFilesystem({"/Windows/System32": b""})],
    ids=["no file", "empty hives", "no hive"],
)  # fmt: skip
def test_a_disk_whose_registry_names_no_release_has_no_windows(of: FakeFilesystem) -> None:
    assert windows.release(of) is None
    assert distribution_of(of).os_distro == "unknown"


@pytest.mark.parametrize("name", [one.name for one in WINDOWS.inspections])
def test_an_inspection_passes_on_a_good_disk(name: str) -> None:
    assert inspect(name, disk(REGISTRY))


@pytest.mark.parametrize(
    ("name", "of", "cause"),
    [
        ("windows-is-as-claimed", disk(without(VERSION)), "no registry hive names its release"),
        (
            "windows-is-as-claimed",
            disk({**REGISTRY, ENVIRONMENT: {"PROCESSOR_ARCHITECTURE": "ARM64"}}),
            "the registry says 10.0 for aarch64, the image claims 10.0 for x86_64",
        ),
        ("vioscsi-starts-at-boot", disk(without(VIOSCSI)), "the registry has no service vioscsi"),
        (
            "vioscsi-starts-at-boot",
            disk({**REGISTRY, VIOSCSI: {"Start": 3}}),
            "the service vioscsi has Start=3, not 0",
        ),
        ("vioscsi-starts-at-boot", disk(REGISTRY, driver=False), "has no vioscsi.sys"),
        ("agent-starts-with-windows", disk(without(AGENT)), "the registry has no service QEMU-GA"),
        (
            "agent-starts-with-windows",
            disk({**REGISTRY, AGENT: {"Start": 4}}),
            "the service QEMU-GA has Start=4, not 2",
        ),
    ],
)
def test_an_inspection_fails_and_says_why(name: str, of: FakeFilesystem, cause: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        inspect(name, of)
    assert cause in str(caught.value)


def test_another_control_set_than_the_current_one_does_not_count() -> None:
    other = {**REGISTRY, SELECT: {"Current": 1}}
    with pytest.raises(CheckFailed, match="no service vioscsi"):
        inspect("vioscsi-starts-at-boot", disk(other))
