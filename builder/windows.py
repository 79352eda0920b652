"""What is known of Windows on a disk at rest: its files, and its registry's hives."""

from collections.abc import Mapping
from dataclasses import dataclass

from builder.feature import Filesystem

SYSTEM = ("Windows", "System32")

ARCHITECTURES = {"AMD64": "x86_64", "ARM64": "aarch64", "x86": "i686"}

BOOT_START = 0
AUTO_START = 2
"""Values of a service's ``Start``, as winnt.h names them."""


@dataclass(frozen=True)
class Release:
    """Which Windows it is."""

    product: str
    version: str
    """Major and minor number: 10.0 is Windows 10 and 11, and every Server from 2016 on."""
    architecture: str
    """As ``uname -m`` would name it; empty where the registry does not say."""


def release(disk: Filesystem) -> Release | None:
    """The release that the registry names, or None where the disk has no Windows."""
    values = _registry(disk, "SOFTWARE", r"Microsoft\Windows NT\CurrentVersion")
    if not values:
        return None
    # For the sake of old programs CurrentVersion stays 6.3 from Windows 10 on.
    major, minor = values.get("CurrentMajorVersionNumber"), values.get("CurrentMinorVersionNumber")
    version = f"{major}.{minor}" if major is not None else str(values.get("CurrentVersion", ""))
    environment = _control(disk, r"Control\Session Manager\Environment")
    architecture = ARCHITECTURES.get(str(environment.get("PROCESSOR_ARCHITECTURE")), "")
    return Release(str(values.get("ProductName", "Windows")), version, architecture)


def service(disk: Filesystem, name: str) -> Mapping[str, str | int] | None:
    """The registry's values of a service or a driver, or None where it knows none of that name."""
    return _control(disk, rf"Services\{name}") or None


def find(disk: Filesystem, *parts: str) -> str | None:
    """The path of a file or directory, whatever the case of its letters is."""
    path = ""
    for part in parts:
        names = (name for name in disk.list(path or "/") if name.lower() == part.lower())
        name = next(names, None)
        if name is None:
            return None
        path = f"{path}/{name}"
    return path


def _control(disk: Filesystem, key: str) -> Mapping[str, str | int]:
    """Values of a key below the control set that Windows would start with."""
    current = _registry(disk, "SYSTEM", "Select").get("Current", 1)
    return _registry(disk, "SYSTEM", rf"ControlSet{current:03}\{key}")


def _registry(disk: Filesystem, hive: str, key: str) -> Mapping[str, str | int]:
    path = find(disk, *SYSTEM, "config", hive)
    if path is None:
        return {}
    try:
        return disk.registry(path, key)
    except FileNotFoundError:
        return {}
