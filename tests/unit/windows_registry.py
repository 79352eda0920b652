"""A good disk of Windows, as far as its registry and its files tell, and how it can be changed."""

from collections.abc import Mapping

from fakes import FakeFilesystem

from builder.feature import RegistryValue

Key = tuple[str, str]
"""A hive and a key in it."""
Change = Mapping[Key, Mapping[str, RegistryValue] | None]  # None removes the key

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

REGISTRY: Mapping[Key, Mapping[str, RegistryValue]] = {
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


def disk(change: Change, *missing: str) -> FakeFilesystem:
    """The good disk with another registry, and without some files."""
    registry = {key: values for key, values in {**REGISTRY, **change}.items() if values is not None}
    files = {path: content for path, content in FILES.items() if path not in missing}
    return FakeFilesystem(files, registry)


def below(key: Key, name: str) -> Key:
    return key[0], rf"{key[1]}\{name}"


def another(name: str) -> Key:
    return f"{CONFIG}/SYSTEM", rf"ControlSet002\Services\{name}"
