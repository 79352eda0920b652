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

_MANAGER = "/etc/systemd/system.conf"
_MANAGER_DIRECTORIES = tuple(
    f"{directory}/systemd/system.conf.d"
    for directory in ("/etc", "/run", "/usr/local/lib", "/usr/lib")
)
_OFF = frozenset({"", "0", "0s", "off"})


def settings(disk: Filesystem) -> Mapping[str, str]:
    """Return the daemon's settings; the last line of a name counts."""
    return _assignments(text(disk, CONFIGURATION))


def is_switched_off(disk: Filesystem) -> bool:
    """Whether Debian's unit runs nothing although it is started: ``run_watchdog`` is not 1."""
    return _assignments(text(disk, SWITCH)).get("run_watchdog", "1") != "1"


def module_of_switch(disk: Filesystem) -> str:
    """Return the module that Debian's unit loads before the daemon; empty where it loads none."""
    return _assignments(text(disk, SWITCH)).get("watchdog_module", "").replace("-", "_")


def fed_by_systemd(disk: Filesystem) -> str | None:
    """Return where systemd itself is told to feed a watchdog: then no daemon can open it.

    The last setting counts (systemd-system.conf(5)); a kernel's argument beats the files.
    """
    found = [
        (setting.place, setting.value)
        for path in (_MANAGER, *search_path(disk, _MANAGER_DIRECTORIES, ".conf"))
        for setting in unitfile.parsed(disk, path)
        if (setting.section, setting.name) == ("Manager", "RuntimeWatchdogSec")
    ]
    found += [
        (place, argument.partition("=")[2])
        for place, argument in arguments(disk)
        if argument.startswith("systemd.watchdog_sec=")
    ]
    place, value = found[-1] if found else ("", "")
    return place if value not in _OFF else None


def rule_that_links(disk: Filesystem, device: str, identity: str) -> str | None:
    """Return the file with the udev rule that makes ``device`` of the watchdog of an identity."""
    name = re.escape(device.removeprefix("/dev/"))
    link = re.compile(rf'SYMLINK\s*\+?=\s*"(?:[^"]*\s)?{name}[\s"]')
    match = re.compile(rf'ATTRS?\{{identity\}}\s*==\s*"{re.escape(identity)}"')
    for path, rule in udev.rules(disk):
        if link.search(rule) and match.search(rule):
            return path
    return None


def _assignments(content: str) -> dict[str, str]:
    lines = (line.partition("=") for _, line in significant_lines(content))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in lines}
