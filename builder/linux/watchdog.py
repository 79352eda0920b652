"""What the watchdog daemon is told to do: watchdog.conf(5), and Debian's switch for its unit."""

import re
from collections.abc import Mapping

from builder.feature import Filesystem
from builder.linux import udev
from builder.linux.files import significant_lines, text

DEVICES = ("/dev/watchdog", "/dev/watchdog0")
"""What the kernel calls the device that registers first."""
IDENTITY = "i6300ESB timer"
"""What Linux' drivers/watchdog/i6300esb.c says its device is: the hypervisor's."""
CONFIGURATION = "/etc/watchdog.conf"
SWITCH = "/etc/default/watchdog"


def settings(disk: Filesystem) -> Mapping[str, str]:
    """Return the daemon's settings; the last line of a name counts."""
    return _assignments(text(disk, CONFIGURATION))


def is_switched_off(disk: Filesystem) -> bool:
    """Whether Debian's unit runs nothing although it is started: ``run_watchdog`` is not 1."""
    return _assignments(text(disk, SWITCH)).get("run_watchdog", "1") != "1"


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
