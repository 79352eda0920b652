"""How a guest finds names: who will write the file that its resolver reads.

Sources: resolv.conf(5); systemd-resolved.service(8), section ``/etc/resolv.conf``; rc-manager in
NetworkManager.conf(5); resolvconf(8) of Debian; netconfig(8) of SUSE.
"""

import posixpath
import re
from collections.abc import Mapping

from builder.feature import CheckFailed, Filesystem
from builder.linux import systemd
from builder.linux.files import significant_lines, text

CONFIGURATION = "/etc/resolv.conf"

_WRITERS: Mapping[str, tuple[str, ...]] = {
    "/run/systemd/resolve": ("systemd-resolved.service",),
    "/usr/lib/systemd": ("systemd-resolved.service",),  # a file that names its stub
    "/lib/systemd": ("systemd-resolved.service",),
    "/run/NetworkManager": ("NetworkManager.service",),
    "/run/resolvconf": ("resolvconf.service",),
    "/run/netconfig": ("NetworkManager.service", "wicked.service"),
    "/run/connman": ("connman.service",),
}
"""Units by the directory that a link leads to."""

_WRITERS_OF_FILE = (
    "NetworkManager.service", "networking.service", "network.service", "wicked.service",
    "dhcpcd.service",
)  # fmt: skip
"""Units that write the file itself, or whose DHCP client does. systemd-networkd never does."""

_NAME_SERVER = re.compile(r"nameserver\s+(\S+)")


def name_servers(disk: Filesystem, path: str) -> tuple[tuple[int, str], ...]:
    """Return the addresses that a file names, each with its line; none where there is no file."""
    found = (
        (number, _NAME_SERVER.match(line))
        for number, line in significant_lines(text(disk, path), "#;")
    )
    return tuple((number, match[1]) for number, match in found if match is not None)


def require_resolver(disk: Filesystem) -> str:
    """Say who tells the guest its name servers.

    Raises ``CheckFailed`` where nobody does, so that the guest finds no machine by its name.
    """
    target = disk.readlink(CONFIGURATION)
    if target is None:
        servers = name_servers(disk, CONFIGURATION)
        if servers:
            return f"{CONFIGURATION}:{servers[0][0]}: names {servers[0][1]}"
        return _require_writer(disk, CONFIGURATION, _WRITERS_OF_FILE)
    place = posixpath.normpath(posixpath.join("/etc", target))
    if place.startswith("/var/run/"):
        place = place.removeprefix("/var")
    writers = _WRITERS.get(posixpath.dirname(place))
    if writers is not None:
        return _require_writer(disk, f"{place}, where {CONFIGURATION} leads", writers)
    if not place.startswith("/run/") and not disk.exists(CONFIGURATION):
        raise CheckFailed(
            f"{CONFIGURATION} is a link to {place}, which does not exist: remove it, or let "
            "it lead to the file that the service of the network writes"
        )
    return f"{CONFIGURATION} is a link to {place}"


def _require_writer(disk: Filesystem, file: str, names: tuple[str, ...]) -> str:
    units = [systemd.unit(disk, name) for name in names]
    for unit in units:
        if unit.started_by:
            return f"{unit.name} is {unit.state} and writes {file}"
    seen = ", ".join(f"{unit.name} is {unit.state}" for unit in units)
    raise CheckFailed(f"nothing will write {file}: {seen}; enable one of them")
