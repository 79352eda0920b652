"""How a disk brings its network up: stacks that cloud-init renders for, and .link files.

Sources: cloud-init's ``network-config-format`` renderers; systemd.link(5), of which only the first
file that matches a device applies.
"""

import configparser
import fnmatch
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from builder.feature import CheckFailed, Filesystem
from builder.linux import systemd
from builder.linux.files import search_path, significant_lines, text

_STACKS: Mapping[str, tuple[str, ...]] = {
    "networkd": ("systemd-networkd.service",),
    "netplan": ("systemd-networkd.service", "NetworkManager.service"),
    "network-manager": ("NetworkManager.service",),
    "eni": ("networking.service",),
    "sysconfig": ("NetworkManager.service", "network.service", "wicked.service"),
}
_ANY_STACK = tuple(dict.fromkeys(unit for units in _STACKS.values() for unit in units))

_RENDERERS = re.compile(r"renderers\s{0,8}:\s{0,8}\[([^\]]{0,256})\]")

_EVERY_NIC = {"OriginalName": "*", "Type": "ether"}
"""Conditions that every NIC of a guest meets."""

_LINKS = (
    "/etc/systemd/network",
    "/usr/local/lib/systemd/network",
    "/usr/lib/systemd/network",
    "/lib/systemd/network",
)


@dataclass(frozen=True)
class LinkFile:
    """A systemd.link(5) file: the settings of its section ``[Link]``."""

    path: str
    settings: Mapping[str, str]
    everywhere: bool
    """Whether it applies to every NIC of the driver that was asked for."""


def require_stack(disk: Filesystem) -> str:
    """Say which unit brings up the NICs that cloud-init renders configuration for.

    Raises ``CheckFailed`` where the rendered files would be read by nobody.
    """
    renderer, path = _renderer(disk)
    units = _STACKS.get(renderer, _ANY_STACK)
    states = [systemd.unit(disk, name) for name in units]
    for unit in states:
        if unit.started_by:
            return f"{unit.name} is {unit.state}" + (f", and {path} names it" if path else "")
    seen = ", ".join(f"{unit.name} is {unit.state}" for unit in states)
    asked = f"{path} has cloud-init render for {renderer}, but " if path else ""
    raise CheckFailed(f"{asked}nothing will bring a NIC up: {seen}")


def link_file(disk: Filesystem, driver: str) -> LinkFile | None:
    """Return the .link file that applies to every NIC of a driver, or None."""
    return next((link for link in link_files(disk, driver) if link.everywhere), None)


def link_files(disk: Filesystem, driver: str) -> Iterator[LinkFile]:
    """Yield the .link files that a NIC of a driver may meet in a guest, first to last.

    The last is the first that applies to every such NIC. A file for a hardware address is for no
    guest: each has another.
    """
    for path in search_path(disk, _LINKS, ".link"):
        name = posixpath.basename(path)
        additions = search_path(disk, tuple(f"{place}/{name}.d" for place in _LINKS), ".conf")
        parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
        parser.optionxform = str  # type: ignore[method-assign,assignment]  # keys have capitals
        try:
            for each in (path, *additions):
                parser.read_string(text(disk, each))
        except configparser.Error:
            continue  # systemd ignores such a file too
        match = dict(parser["Match"]) if "Match" in parser else {}
        drivers = match.pop("Driver", "*").split()
        if not any(fnmatch.fnmatchcase(driver, each) for each in drivers):
            continue
        if not {"MACAddress", "PermanentMACAddress"}.isdisjoint(match) or not parser.has_section(
            "Match"
        ):
            continue
        everywhere = all(_EVERY_NIC.get(key) == value for key, value in match.items())
        yield LinkFile(path, dict(parser["Link"]) if "Link" in parser else {}, everywhere)
        if everywhere:
            return


def _renderer(disk: Filesystem) -> tuple[str, str]:
    """Return the renderer that the configuration puts first, and where; empty if it names none."""
    chosen = ("", "")
    for path in ("/etc/cloud/cloud.cfg", *disk.glob("/etc/cloud/cloud.cfg.d/*.cfg")):
        content = "\n".join(line for _, line in significant_lines(text(disk, path)))
        for names in _RENDERERS.findall(content):
            # Debian's own file lists all that cloud-init knows: that is no choice.
            renderers = [name.strip(" '\"\n") for name in names.split(",")]
            if len(renderers) == 1:
                chosen = (renderers[0], path)
    return chosen
