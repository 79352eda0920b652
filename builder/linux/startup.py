"""What an image's own configuration runs as it boots, and as a NIC appears, line by line.

Sources: systemd.unit(5), udev(7), interfaces(5) and the hooks of ifupdown, those of
NetworkManager-dispatcher(8) and networkd-dispatcher(8), cloud-init's modules for commands and
scripts, cron(8).
"""

import re
from collections.abc import Iterator

from builder.feature import Filesystem
from builder.linux import systemd, udev
from builder.linux.files import significant_lines, text

_FILES = (
    "/etc/rc.local",
    "/etc/rc.d/rc.local",
    "/etc/network/interfaces",
    "/etc/network/interfaces.d/*",
    "/etc/network/if-pre-up.d/*",
    "/etc/network/if-up.d/*",
    "/etc/sysconfig/network-scripts/ifcfg-*",
    "/etc/sysconfig/network/ifcfg-*",
    "/sbin/ifup-local",
    "/etc/NetworkManager/dispatcher.d/*",
    "/etc/NetworkManager/dispatcher.d/pre-up.d/*",
    "/etc/NetworkManager/system-connections/*",
    "/usr/lib/NetworkManager/dispatcher.d/*",
    "/etc/networkd-dispatcher/*.d/*",
    "/usr/lib/networkd-dispatcher/*.d/*",
    "/etc/dhcp/dhclient-exit-hooks.d/*",
    "/etc/cloud/cloud.cfg",
    "/etc/cloud/cloud.cfg.d/*.cfg",
    "/var/lib/cloud/scripts/per-*/*",
    "/var/lib/cloud/seed/*/*-data",
    "/etc/crontab",
    "/etc/cron.d/*",
    "/var/spool/cron/crontabs/*",
    "/var/spool/cron/root",
)

_RUNS = re.compile(r"Exec\w*\s*=(.*)")
_PROGRAM = re.compile(r"(?:^|(?<=[\s\"'=;@!:+-]))/[\w./@+-]+")
_SCRIPT_PLACES = ("/usr/local/", "/opt/", "/etc/", "/root/", "/home/", "/srv/", "/var/")
"""Where scripts are that belong to no package: what else a unit starts is hardly ever one."""


def lines(disk: Filesystem) -> Iterator[tuple[str, int, str]]:
    """Yield path, number and text of each line; those that end with a backslash are continued."""
    for pattern in _FILES:
        for path in disk.glob(pattern):
            yield from _lines(disk, path)
    for path in udev.files(disk):
        yield from _lines(disk, path)
    scripts: dict[str, None] = {}
    for files in systemd.started(disk):
        for path in files:
            for number, line in _content(disk, path):
                yield path, number, line
                command = _RUNS.match(line)
                if command is not None:
                    scripts |= dict.fromkeys(filter(_is_script, _PROGRAM.findall(command[1])))
    for path in scripts:
        yield from _lines(disk, path)


def _is_script(path: str) -> bool:
    return path.startswith(_SCRIPT_PLACES) or path.endswith(".sh")


def _lines(disk: Filesystem, path: str) -> Iterator[tuple[str, int, str]]:
    yield from ((path, number, line) for number, line in _content(disk, path))


def _content(disk: Filesystem, path: str) -> Iterator[tuple[int, str]]:
    """The lines with what continues them, by the number of the first."""
    start, waiting = 0, ""
    for number, line in significant_lines(text(disk, path), "#;"):
        start = start or number
        if line.endswith("\\"):
            waiting += line[:-1] + " "
            continue
        yield start, waiting + line
        start, waiting = 0, ""
    if waiting:
        yield start, waiting
