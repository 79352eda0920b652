"""What holds a boot up where there is no network, or one that nobody answers on.

Sources: systemd-networkd-wait-online.service(8), nm-online(1), systemd.time(7), interfaces(5) and
ifupdown's ``wait-online.sh``, ifcfg(5) and config of SUSE's wicked, dracut.cmdline(7), cloud-init's
data sources, systemd-time-wait-sync.service(8), and chrony's ``chrony-wait.service``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from builder.feature import Filesystem
from builder.linux import cloudconfig, conditions, systemd, unitfile
from builder.linux.bootentries import arguments
from builder.linux.files import significant_lines, text
from builder.linux.unitfile import Setting

LIMIT = 30.0
"""Seconds that a boot may wait for a network that is not there."""

REMEDY = "a guest without a network must come up as fast as any other"


@dataclass(frozen=True)
class _Waiter:
    option: re.Pattern[str]
    """Of its command: the time limit."""
    variable: str
    """Of its environment, likewise."""
    default: float


_WAITERS: Mapping[str, _Waiter] = {
    "systemd-networkd-wait-online.service": _Waiter(re.compile(r"\s--timeout[= ](\S+)"), "", 120),
    "NetworkManager-wait-online.service": _Waiter(
        re.compile(r"\s(?:-t\s*|--timeout[= ])(\S+)"), "NM_ONLINE_TIMEOUT", 30
    ),
}
_INSTANCES = "/etc/systemd/system/*.wants/systemd-networkd-wait-online@*.service"
_FOR_TIME = ("systemd-time-wait-sync.service", "chrony-wait.service", "ntp-wait.service")

_IFUPDOWN = "networking.service"
_IFUPDOWN_WAITER = "ifupdown-wait-online.service"
_IFUPDOWN_SETTINGS = "/etc/default/networking"
_IFUPDOWN_DEFAULT = 300.0
_WICKED = ("wicked.service", "/etc/sysconfig/network/config", "WAIT_FOR_INTERFACES")
_NEEDS_NETWORK = frozenset({"rd.neednet", *(f"rd.neednet={yes}" for yes in ("1", "yes", "true"))})

_UNITS = {
    **dict.fromkeys(("", "s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600.0),
    "ms": 0.001,
}
_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s?([a-z]*)")
_FOREVER = float("inf")


def waits(disk: Filesystem) -> Iterator[str]:
    """Yield what waits longer than ``LIMIT``, or fails, with the file, the line and the remedy."""
    names = [*_WAITERS, *(path.rpartition("/")[2] for path in disk.glob(_INSTANCES))]
    for name in dict.fromkeys(names):
        if settings := _settings_of_started(disk, name):
            yield from _of_waiter(disk, name, settings)
    for name in _FOR_TIME:
        if _settings_of_started(disk, name) is not None:
            starter = systemd.unit(disk, name).started_by[0]
            yield f"{starter}: has {name} wait for the time of a server; disable it"
    yield from _of_ifupdown(disk)
    yield from _of_wicked(disk)
    for place, argument in arguments(disk):
        if argument in _NEEDS_NETWORK:
            yield f"{place}: has {argument}: the initrd waits for a network; remove that"
    yield from _of_cloud_init(disk)


def _settings_of_started(disk: Filesystem, name: str) -> tuple[Setting, ...] | None:
    """Of a unit that is started where there is a NIC; None where it is not."""
    unit = systemd.unit(disk, name)
    settings = unitfile.settings(disk, name)
    if not unit.started_by or any(conditions.unmet(disk, settings)):
        return None
    return settings


def _of_waiter(disk: Filesystem, name: str, settings: Sequence[Setting]) -> Iterator[str]:
    waiter = _WAITERS.get(name, next(iter(_WAITERS.values())))
    commands = unitfile.values(settings, "Service", "ExecStart")
    assigned = [setting for setting in settings if setting.name == "ExecStart"]
    if assigned and not commands:
        return
    command = commands[-1].value if commands else ""
    place = commands[-1].place if commands else systemd.unit(disk, name).path
    option = waiter.option.search(command)
    seconds = _seconds(option[1]) if option else _of_environment(settings, waiter)
    if seconds > LIMIT:
        yield (
            f"{place}: has {name} wait {_shown(seconds)} for a network; give it --timeout=10, and"
            " '-' before its command, which fails then"
        )


def _of_environment(settings: Sequence[Setting], waiter: _Waiter) -> float:
    values = [
        word.partition("=")[2]
        for setting in unitfile.values(settings, "Service", "Environment")
        for word in setting.value.replace('"', "").split()
        if waiter.variable and word.startswith(f"{waiter.variable}=")
    ]
    return _seconds(values[-1]) if values else waiter.default


def _of_ifupdown(disk: Filesystem) -> Iterator[str]:
    if _settings_of_started(disk, _IFUPDOWN) is not None:
        for path in ("/etc/network/interfaces", *disk.glob("/etc/network/interfaces.d/*")):
            for number, line in significant_lines(text(disk, path)):
                command, *names = line.split()
                for name in names if command in {"auto", "allow-auto"} else ():
                    if name != "lo":
                        yield (
                            f"{path}:{number}: has {_IFUPDOWN} wait for {name}, and fail where"
                            f" there is none; write 'allow-hotplug {name}'"
                        )
    if _settings_of_started(disk, _IFUPDOWN_WAITER) is not None:
        found = _assigned(disk, _IFUPDOWN_SETTINGS, "WAIT_ONLINE_TIMEOUT")
        place, seconds = found or (_IFUPDOWN_SETTINGS, _IFUPDOWN_DEFAULT)
        if seconds > LIMIT:
            yield f"{place}: has {_IFUPDOWN_WAITER} wait {_shown(seconds)}; disable it"


def _of_wicked(disk: Filesystem) -> Iterator[str]:
    unit, path, name = _WICKED
    found = _assigned(disk, path, name)
    if found is not None and found[1] > LIMIT and systemd.unit(disk, unit).started_by:
        waiting = _shown(found[1])
        yield f"{found[0]}: has {unit} wait {waiting} for NICs; make it at most {LIMIT:.0f}"


def _of_cloud_init(disk: Filesystem) -> Iterator[str]:
    found = cloudconfig.documents(disk)
    document = cloudconfig.last(found, "datasource")
    sources = document.get("datasource") if document is not None else None
    for source in sources if isinstance(sources, dict) else ():
        keys = ("datasource", str(source), "max_wait")
        document = cloudconfig.last(found, *keys)
        seconds = document.get(*keys) if document is not None else None
        if document is not None and isinstance(seconds, int | float) and seconds > LIMIT:
            place = document.place(*keys)
            yield f"{place}: has cloud-init wait {_shown(seconds)} for {source}; remove the line"


def _assigned(disk: Filesystem, path: str, name: str) -> tuple[str, float] | None:
    """The place and the seconds of a variable's last assignment."""
    found = None
    for number, line in significant_lines(text(disk, path)):
        key, equals, value = line.partition("=")
        if equals and key.strip() == name and value.strip("\"' "):
            found = f"{path}:{number}", _seconds(value.strip("\"' "))
    return found


def _seconds(span: str) -> float:
    """A time span of systemd's; zero is no limit."""
    parts = _SPAN.findall(span)
    total = sum(float(number) * _UNITS.get(unit, 1.0) for number, unit in parts)
    return total or _FOREVER


def _shown(seconds: float) -> str:
    return "for ever" if seconds == _FOREVER else f"up to {seconds:.0f} s"
