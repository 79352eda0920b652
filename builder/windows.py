"""What is known of Windows on a disk at rest: its files, and its registry's hives.

Sources: Microsoft's "Services Registry Tree" for a service's values, of which ``StartOverride`` has
others for a hardware configuration; winnt.h for their numbers; ``CreateService`` of the Windows API
for ``ImagePath`` (its ``lpBinaryPathName``).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from builder.feature import CheckFailed, Filesystem, RegistryValue

SYSTEM = ("Windows", "System32")

ARCHITECTURES = {"AMD64": "x86_64", "ARM64": "aarch64", "x86": "i686"}

BOOT_START, SYSTEM_START, AUTO_START, DEMAND_START, DISABLED = range(5)
"""Values of a service's ``Start``."""

_ENABLED = (BOOT_START, SYSTEM_START, AUTO_START, DEMAND_START)

# A command without quotes ends with its program's first suffix: its directories may have blanks.
_PROGRAM = re.compile(r"[^\"]*?\.(?:exe|sys)(?=\s|$)|\S+", re.IGNORECASE)
# What paths begin with, as that begins in the root of the system's disk.
_BEGINNINGS = (
    (re.compile(r"^\\\?\?\\"), ""),
    (re.compile(r"^(?:\\systemroot|%systemroot%|%windir%)\\", re.IGNORECASE), r"Windows\\"),
    (re.compile(r"^(?=system32\\)", re.IGNORECASE), r"Windows\\"),
    (re.compile(r"^%programfiles%\\", re.IGNORECASE), r"Program Files\\"),
    (re.compile(r"^(?:[a-z]:|%systemdrive%)\\", re.IGNORECASE), ""),
)


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
    major, minor = values.get("currentmajorversionnumber"), values.get("currentminorversionnumber")
    version = f"{major}.{minor}" if major is not None else str(values.get("currentversion", ""))
    environment = _control(disk, r"Control\Session Manager\Environment")
    architecture = ARCHITECTURES.get(str(environment.get("processor_architecture")), "")
    return Release(str(values.get("productname", "Windows")), version, architecture)


@dataclass(frozen=True)
class Service:
    """A service or a driver, as the registry has it."""

    name: str
    start: RegistryValue | None
    overrides: Mapping[str, RegistryValue]
    """Other values of ``start``, by the number of the hardware configuration that they are for."""
    command: str
    """What is run, or loaded; empty where the registry leaves it to Windows."""
    needs: tuple[str, ...]
    """The services that are started before it."""
    deleted: bool
    """Whether Windows removes it when it starts next."""


def service(disk: Filesystem, name: str) -> Service | None:
    """A service or a driver, or None where the registry has none of that name."""
    values = _control(disk, rf"Services\{name}")
    if not values:
        return None
    needs = values.get("dependonservice", ())
    return Service(
        name=name,
        start=values.get("start"),
        overrides=_control(disk, rf"Services\{name}\StartOverride"),
        command=str(values.get("imagepath", "")),
        needs=needs if isinstance(needs, tuple) else (str(needs),),
        deleted=values.get("deleteflag") == 1,
    )


def require_service(
    disk: Filesystem, name: str, meaning: str, starts: Collection[int] = _ENABLED
) -> Service:
    """The service, which Windows will start in one of the ways in ``starts``.

    Raises ``CheckFailed`` where it is missing, where a value of the registry keeps it from being
    started so, or where its program or a service that it needs is missing.
    """
    found = service(disk, name)
    if found is None:
        raise CheckFailed(
            f"{meaning} is not installed: the registry has no service {name}; install it"
        )
    reason = next(chain(_hindrances(disk, found, starts), _unmet_needs(disk, found)), None)
    if reason:
        raise CheckFailed(reason)
    return found


def driver(disk: Filesystem, of: Service, file: str) -> str:
    """The path that a driver is loaded from; ``file`` is its name where its service has no path.

    Raises ``CheckFailed`` where the disk has no such file.
    """
    directory = (*SYSTEM, "drivers")
    path = _program(disk, of) if of.command else find(disk, *directory, file)
    if path is None:
        place = of.command or "/".join(directory)
        raise CheckFailed(f"the service {of.name} is registered, but {place} has no {file}")
    return path


def _hindrances(disk: Filesystem, of: Service, starts: Collection[int]) -> Iterator[str]:
    """What keeps Windows from starting the service in one of these ways."""
    wanted = f"less than {DISABLED}" if starts is _ENABLED else " or ".join(map(str, starts))
    told = f"the service {of.name} has"
    late = ": Windows does not load it at boot" if starts == (BOOT_START,) else ""
    if of.start not in starts:
        yield f"{told} Start={of.start}, not {wanted}{late}"
    for configuration, start in of.overrides.items():
        if start not in starts:
            yield f"{told} StartOverride\\{configuration}={start} beside Start={of.start}{late}"
    if of.deleted:
        yield f"{told} DeleteFlag=1: Windows removes it when it starts next"
    if of.command and _program(disk, of) is None:
        yield f"{told} ImagePath={of.command}, and the disk has no such file"


def _unmet_needs(disk: Filesystem, of: Service) -> Iterator[str]:
    """What keeps Windows from starting a service that this one waits for, or that one itself."""
    seen = {of.name.lower()}
    waiting = [of]
    while waiting:
        dependent = waiting.pop()
        for name in dependent.needs:
            if name.lower() in seen:
                continue
            seen.add(name.lower())
            told = f"the service {dependent.name} has DependOnService={name}"
            need = service(disk, name)
            if need is None:
                yield f"{told}, and the registry has no such service"
            else:
                yield from (f"{told}; {reason}" for reason in _hindrances(disk, need, _ENABLED))
                waiting.append(need)


def _program(disk: Filesystem, of: Service) -> str | None:
    """The path of what the service's command runs, or None where the disk has no such file."""
    command = of.command.strip()
    if command.startswith('"'):
        path = command[1:].partition('"')[0]
    else:
        named = _PROGRAM.match(command)
        path = named[0] if named else command
    for beginning, replacement in _BEGINNINGS:
        path = beginning.sub(replacement, path)
    if "~" in path:  # a short name, which no directory of the disk lists
        return path
    return find(disk, *filter(None, path.split("\\")))


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


def _control(disk: Filesystem, key: str) -> Mapping[str, RegistryValue]:
    """Values of a key below the control set that Windows would start with.

    ``Current`` is the one that it was running with.
    """
    select = _registry(disk, "SYSTEM", "Select")
    number = select.get("default", select.get("current", 1))
    return _registry(disk, "SYSTEM", rf"ControlSet{str(number).zfill(3)}\{key}")


def _registry(disk: Filesystem, hive: str, key: str) -> Mapping[str, RegistryValue]:
    """Values by their names in small letters: Windows takes them in either case."""
    path = find(disk, *SYSTEM, "config", hive)
    if path is None:
        return {}
    try:
        values = disk.registry(path, key)
    except FileNotFoundError:
        return {}
    return {name.lower(): value for name, value in values.items()}
