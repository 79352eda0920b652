"""What feeds a watchdog: watchdog.conf(5), Debian's switch for its unit, systemd-system.conf(5)."""

import re
from collections.abc import Mapping

from builder.feature import Filesystem
from builder.linux import udev, unitfile
from builder.linux.bootentries import arguments
from builder.linux.files import search_path, significant_lines, text

DEVICES = ("/dev/watchdog", "/dev/watchdog0")
"""What the kernel calls the device that registers first."""
IDENTITY = "i6300ESB timer"
"""What Linux' drivers/watchdog/i6300esb.c says its device is: the hypervisor's."""
CONFIGURATION = "/etc/watchdog.conf"
SWITCH = "/etc/default/watchdog"

_MANAGERS = ("/etc/systemd/system.conf", "/usr/lib/systemd/system.conf")
_MANAGER_DIRECTORIES = tuple(
    f"{directory}/systemd/system.conf.d"
    for directory in ("/etc", "/run", "/usr/local/lib", "/usr/lib")
)
_OFF = re.compile(r"(?:0+\s?[a-zµ]*|off)?")
_ASSIGNING = frozenset({"=", "+=", ":="})
_OF_CHIPSET = "iTCO_wdt"  # Linux' drivers/watchdog/iTCO_wdt.c
_PCI_DEVICE = {  # as udev sees the i6300esb: QEMU's hw/watchdog/wdt_i6300esb.c
    "SUBSYSTEM": "pci",
    "ACTION": "add",
    "ATTR{vendor}": "0x8086",
    "ATTR{device}": "0x25ab",
    "ATTR{class}": "0x088000",
}
PCI_ALIAS = "pci:v00008086d000025ABsv00001AF4sd00001100bc08sc80i00"


def settings(disk: Filesystem) -> Mapping[str, str]:
    """Return the daemon's settings; the last line of a name counts."""
    return _assignments(text(disk, CONFIGURATION))


def is_switched_off(disk: Filesystem) -> bool:
    """Whether Debian's unit runs nothing although it is started: ``run_watchdog`` is not 1."""
    return _assignments(text(disk, SWITCH)).get("run_watchdog", "1") != "1"


def module_of_switch(disk: Filesystem) -> str:
    """Return the module that Debian's unit loads before the daemon; empty where it loads none."""
    return _assignments(text(disk, SWITCH)).get("watchdog_module", "").replace("-", "_")


def fed_by_systemd(disk: Filesystem, device: str) -> str | None:
    """Return where systemd itself is told to feed the daemon's watchdog, which only one can open.

    The last setting counts (systemd-system.conf(5)); a kernel's argument beats the files.
    """
    place, timeout = _manager(disk, "RuntimeWatchdogSec", "systemd.watchdog_sec")
    _, fed = _manager(disk, "WatchdogDevice", "systemd.watchdog_device")
    fed = fed or DEVICES[0]
    another = fed not in {*DEVICES, device} and rule_that_links(disk, fed, IDENTITY) is None
    return place if not _OFF.fullmatch(timeout) and not another else None


def _manager(disk: Filesystem, name: str, parameter: str) -> tuple[str, str]:
    """A setting of systemd's own, and its place; empty where there is none."""
    main = next(filter(disk.exists, _MANAGERS), _MANAGERS[0])
    found = [
        (setting.place, setting.value)
        for path in (main, *search_path(disk, _MANAGER_DIRECTORIES, ".conf"))
        for setting in unitfile.parsed(disk, path)
        if (setting.section, setting.name) == ("Manager", name)
    ]
    found += [
        (place, argument.partition("=")[2])
        for place, argument in arguments(disk)
        if argument.startswith(f"{parameter}=")
    ]
    return found[-1] if found else ("", "")


def rule_that_links(disk: Filesystem, device: str, identity: str) -> str | None:
    """Return the file with the udev rule that makes ``device`` of the watchdog of an identity.

    And of no other's: a pattern that a q35 machine's own has, too, is none.
    """
    name = device.removeprefix("/dev/")
    for path, rule in udev.rules(disk):
        pairs = udev.pairs(rule)
        linked = [
            link
            for key, operator, value in pairs
            if key == "SYMLINK" and operator in _ASSIGNING
            for link in value.split()
        ]
        own = [
            value
            for key, operator, value in pairs
            if key in {"ATTR{identity}", "ATTRS{identity}"} and operator == "=="
        ]
        if name in linked and any(
            udev.matches(pattern, identity) and not udev.matches(pattern, _OF_CHIPSET)
            for pattern in own
        ):
            return path
    return None


def taken_away_by(disk: Filesystem) -> str | None:
    """Return the file with a udev rule that takes the i6300esb from its driver, or None.

    By the files of the kernel's ``Documentation/ABI/testing/sysfs-bus-pci``.
    """
    for path, rule in udev.rules(disk):
        pairs = udev.pairs(rule)
        conditions = [pair for pair in pairs if pair[1] in {"==", "!="}]
        if (
            any(_is_taking(*pair) for pair in pairs if pair not in conditions)
            and {"ATTR{vendor}", "ATTR{device}", "ATTR{class}"} & {key for key, *_ in conditions}
            and all(_is_met(*condition) for condition in conditions)
        ):
            return path
    return None


def _is_taking(key: str, operator: str, value: str) -> bool:
    if key.startswith("RUN"):
        return any(f"/{file}" in value for file in ("unbind", "remove", "driver_override"))
    assigned = operator in _ASSIGNING and value not in {"", "0", "i6300esb"}
    return assigned and key in {"ATTR{remove}", "ATTR{driver_override}"}


def _is_met(key: str, operator: str, pattern: str) -> bool:
    """Whether the device meets a condition; one that nobody knows here counts as not met."""
    value = _PCI_DEVICE.get(key)
    if value is None:
        return key == "KERNEL" and pattern == "*"
    return udev.matches(pattern, value) is (operator == "==")


def _assignments(content: str) -> dict[str, str]:
    lines = (line.partition("=") for _, line in significant_lines(content))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in lines}
