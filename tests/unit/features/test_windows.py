"""A Windows whose drivers and agent start, and whatever in its registry takes that back."""

from collections.abc import Iterator

import pytest
from check_cases import Case, failing, passing
from windows_registry import (
    AGENT,
    AGENT_PROGRAM,
    CHANNEL,
    CHANNEL_DRIVER,
    DRIVER,
    ENVIRONMENT,
    SELECT,
    STORED_DRIVER,
    VERSION,
    VIOSCSI,
    Change,
    another,
    below,
    disk,
)

from builder.features import windows

STORE = r"\SystemRoot\System32\DriverStore\FileRepository\vioscsi.inf_amd64_1\vioscsi.sys"
UNQUOTED = r"C:\Program Files\Qemu-ga\qemu-ga.exe -d --retry-path"


def releases() -> Iterator[Case]:
    check = windows.windows_is_as_claimed
    yield passing(check, "the good disk", disk({}), "the registry says Windows Server 2022")
    yield failing(check, "none", disk({VERSION: None}), "no registry hive names its release")
    arm = {ENVIRONMENT: {"PROCESSOR_ARCHITECTURE": "ARM64"}}
    cause = "the registry says 10.0 for aarch64, the image claims 10.0 for x86_64"
    yield failing(check, "another architecture", disk(arm), cause)


def drivers() -> Iterator[Case]:
    check = windows.vioscsi_starts_at_boot
    yield failing(check, "none", disk({VIOSCSI: None}), "the registry has no service vioscsi")
    late = disk({VIOSCSI: {"Start": 3}})
    yield failing(check, "started later", late, "the service vioscsi has Start=3, not 0")
    yield failing(check, "no file", disk({}, DRIVER), "has no vioscsi.sys")
    other = disk({SELECT: {"Current": 2, "Default": 1}})
    yield failing(check, "in a control set that is not started", other, "no service vioscsi")
    yield failing(check, "in lower case", disk({VIOSCSI: {"start": 3}}), "Start=3, not 0")
    deleted = disk({VIOSCSI: {"Start": 0, "DeleteFlag": 1}})
    yield failing(check, "to be deleted", deleted, "DeleteFlag=1")
    stored = disk({VIOSCSI: {"Start": 0, "ImagePath": STORE}}, STORED_DRIVER)
    yield failing(check, "no file in the store", stored, STORE)
    for overrides, cause in (
        (
            {"0": 3},
            r"vioscsi has StartOverride\0=3 beside Start=0: Windows does not load it at boot",
        ),
        ({"0": 0, "1": 4}, r"StartOverride\1=4"),
    ):
        overridden = disk({below(VIOSCSI, "StartOverride"): overrides})
        yield failing(check, "overridden", overridden, cause)


def driver_dependencies() -> Iterator[Case]:
    check = windows.vioscsi_starts_at_boot
    lonely = disk({VIOSCSI: {"Start": 0, "DependOnService": ("storport2",)}})
    cause = "DependOnService=storport2, and the registry has no such service"
    yield failing(check, "it needs one that is missing", lonely, cause)
    chain: Change = {
        VIOSCSI: {"Start": 0, "DependOnService": ("a",)},
        another("a"): {"Start": 0, "DependOnService": ("b", "a")},
        another("b"): {"Start": 4},
    }
    cause = "the service a has DependOnService=b; the service b has Start=4, not less than 4"
    yield failing(check, "it needs one that needs one that is disabled", disk(chain), cause)


def good_drivers() -> Iterator[Case]:
    changes: dict[str, Change] = {
        "the good disk": {},
        "the current control set counts without a default": {SELECT: {"Current": 2}},
        "an override that says the same": {below(VIOSCSI, "StartOverride"): {"0": 0}},
        "the path in the store": {
            VIOSCSI: {"Start": 0, "ImagePath": STORE, "ErrorControl": 1, "Group": "x"}
        },
        "a path below Windows": {
            VIOSCSI: {"Start": 0, "ImagePath": r"system32\drivers\vioscsi.sys"}
        },
        "a path of the NT kernel": {
            VIOSCSI: {"Start": 0, "ImagePath": rf"\??\C:\Windows{STORE[11:]}"}
        },
        "services that need each other": {
            VIOSCSI: {"Start": 0, "DependOnService": ("Storport",)},
            another("Storport"): {"Start": 3, "DependOnService": ("VIOSCSI",)},
        },
    }
    for title, change in changes.items():
        seen = "the service vioscsi starts at boot"
        yield passing(windows.vioscsi_starts_at_boot, title, disk(change), seen)


def agents() -> Iterator[Case]:
    check = windows.agent_starts_with_windows
    yield failing(check, "none", disk({AGENT: None}), "the registry has no service QEMU-GA")
    disabled = disk({AGENT: {"Start": 4}})
    yield failing(check, "disabled", disabled, "the service QEMU-GA has Start=4, not 2")
    overridden = disk({below(AGENT, "StartOverride"): {"0": 4}})
    yield failing(check, "overridden", overridden, r"StartOverride\0=4")
    unquoted = disk({AGENT: {"Start": 2, "ImagePath": UNQUOTED}}, AGENT_PROGRAM)
    yield failing(check, "no program", unquoted, "no such file")
    elsewhere: Change = {AGENT: {"Start": 2, "ImagePath": f"{UNQUOTED} -m isa-serial -p COM1"}}
    cause = "Nova's channel is virtio-serial"
    yield failing(check, "on another channel", disk(elsewhere), cause)
    elsewhere = {AGENT: {"Start": 2, "ImagePath": rf"{UNQUOTED} --path=\\.\COM2"}}
    yield failing(check, "on another port", disk(elsewhere), cause)
    named: Change = {
        AGENT: {"Start": 2, "ImagePath": rf"{UNQUOTED} -p \\.\Global\org.qemu.guest_agent.0"}
    }
    yield passing(check, "on its own port by name", disk(named), "QEMU-GA starts with Windows")
    empty = disk({CHANNEL: {}})
    yield failing(check, "an empty channel", empty, "the registry has no service VirtioSerial")
    yield failing(check, "no file of the channel", disk({}, CHANNEL_DRIVER), "has no vioser.sys")
    disabled = disk({CHANNEL: {"Start": 4}})
    cause = "VirtioSerial has Start=4, not less than 4"
    yield failing(check, "the channel is disabled", disabled, cause)
    overridden = disk({below(CHANNEL, "StartOverride"): {"0": 4}})
    yield failing(check, "the channel is overridden", overridden, r"StartOverride\0=4")


def good_agents() -> Iterator[Case]:
    quoted = '"C:\\Program Files\\QEMU-GA\\qemu-ga.exe" -d'
    short = r"C:\PROGRA~1\Qemu-ga\qemu-ga.exe -d"
    variable = r"%ProgramFiles%\Qemu-ga\qemu-ga.exe"
    changes: dict[str, Change] = {
        "the good disk": {},
        "a path without quotes, and delayed": {
            AGENT: {"Start": 2, "ImagePath": UNQUOTED, "DelayedAutostart": 1}
        },
        "a path in quotes": {AGENT: {"Start": 2, "ImagePath": quoted}},
        "a short path": {AGENT: {"Start": 2, "ImagePath": short}},
        "a path with a variable": {AGENT: {"Start": 2, "ImagePath": variable}},
        "the channel is started at boot": {CHANNEL: {"Start": 0}},
        "another driver is disabled": {another("vioscsi"): {"Start": 4}},
    }
    for title, change in changes.items():
        seen = "the service QEMU-GA starts with Windows"
        yield passing(windows.agent_starts_with_windows, title, disk(change), seen)


@pytest.mark.parametrize(
    "case",
    [
        *releases(),
        *drivers(),
        *driver_dependencies(),
        *good_drivers(),
        *agents(),
        *good_agents(),
    ],
    ids=str,
)
def test_a_check_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()
