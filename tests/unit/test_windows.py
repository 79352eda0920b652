"""Windows as its registry tells of it."""

from collections.abc import Mapping

import pytest
from fakes import FakeFilesystem

from builder import windows
from builder.adopt.distribution import distribution_of
from builder.distribution import Distribution
from builder.feature import CheckFailed, Inspection, RegistryValue
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

CHANNEL = (f"{CONFIG}/SYSTEM", r"ControlSet002\Services\VirtioSerial")
STORED_DRIVER = "/Windows/System32/DriverStore/FileRepository/vioscsi.inf_amd64_1/vioscsi.sys"
AGENT_PROGRAM = "/Program Files/Qemu-ga/qemu-ga.exe"
CHANNEL_DRIVER = "/Windows/System32/drivers/vioser.sys"

Registry = Mapping[tuple[str, str], Mapping[str, RegistryValue]]

REGISTRY: Registry = {
    VERSION: {
        "ProductName": "Windows Server 2022 Standard",
        "CurrentVersion": "6.3",
        "CurrentMajorVersionNumber": 10,
        "CurrentMinorVersionNumber": 0,
    },
    SELECT: {"Current": 1, "Default": 2},
    ENVIRONMENT: {"PROCESSOR_ARCHITECTURE": "AMD64"},
    VIOSCSI: {"Start": 0, "Type": 1},
    AGENT: {"Start": 2},
    CHANNEL: {"Start": 3, "Type": 1},
}


FILES = dict.fromkeys(
    (
        f"{CONFIG}/SOFTWARE",
        f"{CONFIG}/SYSTEM",
        DRIVER,
        CHANNEL_DRIVER,
        AGENT_PROGRAM,
        STORED_DRIVER,
    ),
    b"",
)


def disk(registry: Registry, *missing: str) -> FakeFilesystem:
    return FakeFilesystem(
        {path: content for path, content in FILES.items() if path not in missing}, registry
    )


def below(key: tuple[str, str], name: str) -> tuple[str, str]:
    return key[0], rf"{key[1]}\{name}"


def another(name: str) -> tuple[str, str]:
    return f"{CONFIG}/SYSTEM", rf"ControlSet002\Services\{name}"


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
    assert distribution_of(of).name == "unknown"


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
        ("vioscsi-starts-at-boot", disk(REGISTRY, DRIVER), "has no vioscsi.sys"),
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


def test_another_control_set_than_the_one_that_is_started_by_default_does_not_count() -> None:
    other = {**REGISTRY, SELECT: {"Current": 2, "Default": 1}}
    with pytest.raises(CheckFailed, match="no service vioscsi"):
        inspect("vioscsi-starts-at-boot", disk(other))


def test_without_a_default_the_current_control_set_counts() -> None:
    assert inspect("vioscsi-starts-at-boot", disk({**REGISTRY, SELECT: {"Current": 2}}))


START = "vioscsi-starts-at-boot"
ANSWERS = "agent-starts-with-windows"
STORE = r"\SystemRoot\System32\DriverStore\FileRepository\vioscsi.inf_amd64_1\vioscsi.sys"
UNQUOTED = r"C:\Program Files\Qemu-ga\qemu-ga.exe -d --retry-path"


@pytest.mark.parametrize(
    ("name", "changed", "missing", "cause"),
    [
        (
            START,
            {below(VIOSCSI, "StartOverride"): {"0": 3}},
            (),
            r"vioscsi has StartOverride\0=3 beside Start=0: Windows does not load it at boot",
        ),
        (START, {below(VIOSCSI, "StartOverride"): {"0": 0, "1": 4}}, (), r"StartOverride\1=4"),
        (START, {VIOSCSI: {"start": 3}}, (), "Start=3, not 0"),
        (START, {VIOSCSI: {"Start": 0, "DeleteFlag": 1}}, (), "DeleteFlag=1"),
        (START, {VIOSCSI: {"Start": 0, "ImagePath": STORE}}, (STORED_DRIVER,), STORE),
        (
            START,
            {VIOSCSI: {"Start": 0, "DependOnService": ("storport2",)}},
            (),
            "DependOnService=storport2, and the registry has no such service",
        ),
        (
            START,
            {
                VIOSCSI: {"Start": 0, "DependOnService": ("a",)},
                another("a"): {"Start": 0, "DependOnService": ("b", "a")},
                another("b"): {"Start": 4},
            },
            (),
            "the service a has DependOnService=b; the service b has Start=4, not less than 4",
        ),
        (ANSWERS, {CHANNEL: {}}, (), "the registry has no service VirtioSerial"),
        (ANSWERS, {}, (CHANNEL_DRIVER,), "has no vioser.sys"),
        (ANSWERS, {CHANNEL: {"Start": 4}}, (), "VirtioSerial has Start=4, not less than 4"),
        (ANSWERS, {below(CHANNEL, "StartOverride"): {"0": 4}}, (), r"StartOverride\0=4"),
        (ANSWERS, {AGENT: {"Start": 2, "ImagePath": UNQUOTED}}, (AGENT_PROGRAM,), "no such file"),
        (ANSWERS, {below(AGENT, "StartOverride"): {"0": 4}}, (), r"StartOverride\0=4"),
        (
            ANSWERS,
            {AGENT: {"Start": 2, "ImagePath": f"{UNQUOTED} -m isa-serial -p COM1"}},
            (),
            "Nova's channel is virtio-serial",
        ),
    ],
)
def test_what_another_value_of_the_registry_takes_back_is_not_claimed(
    name: str, changed: Registry, missing: tuple[str, ...], cause: str
) -> None:
    with pytest.raises(CheckFailed) as caught:
        inspect(name, disk({**REGISTRY, **changed}, *missing))
    assert cause in str(caught.value)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        (START, {below(VIOSCSI, "StartOverride"): {"0": 0}}),
        (START, {VIOSCSI: {"Start": 0, "ImagePath": STORE, "ErrorControl": 1, "Group": "x"}}),
        (START, {VIOSCSI: {"Start": 0, "ImagePath": r"system32\drivers\vioscsi.sys"}}),
        (START, {VIOSCSI: {"Start": 0, "ImagePath": rf"\??\C:\Windows{STORE[11:]}"}}),
        (
            START,
            {
                VIOSCSI: {"Start": 0, "DependOnService": ("Storport",)},
                another("Storport"): {"Start": 3, "DependOnService": ("VIOSCSI",)},
            },
        ),
        (ANSWERS, {AGENT: {"Start": 2, "ImagePath": UNQUOTED, "DelayedAutostart": 1}}),
        (
            ANSWERS,
            {AGENT: {"Start": 2, "ImagePath": '"C:\\Program Files\\QEMU-GA\\qemu-ga.exe" -d'}},
        ),
        (ANSWERS, {AGENT: {"Start": 2, "ImagePath": r"C:\PROGRA~1\Qemu-ga\qemu-ga.exe -d"}}),
        (ANSWERS, {AGENT: {"Start": 2, "ImagePath": r"%ProgramFiles%\Qemu-ga\qemu-ga.exe"}}),
        (ANSWERS, {CHANNEL: {"Start": 0}}),
        (ANSWERS, {another("vioscsi"): {"Start": 4}}),
    ],
)
def test_what_looks_like_it_and_takes_nothing_back_is_claimed(name: str, changed: Registry) -> None:
    assert inspect(name, disk({**REGISTRY, **changed}))
