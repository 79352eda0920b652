"""What keeps the NICs of virtio-net from using all the queues that their host gives them.

Since Linux 4.10 their driver uses as many as there are CPUs without being told
(``drivers/net/virtio_net.c``): one queue is what somebody has set. Sources: ethtool(8),
systemd.link(5), nm-settings(5) for ``channels-combined``, tuned's plugin ``net`` for ``channels``,
tuned.conf(5) for ``include``, and kernel-parameters.txt for those that limit the CPUs.
"""

import re
from collections.abc import Iterator

from builder.feature import Filesystem
from builder.linux import network, startup
from builder.linux.bootentries import arguments
from builder.linux.files import significant_lines, text

DRIVER = "virtio_net"
ALL = "max"

# A shell's words, or those of a list in YAML.
_BETWEEN = r"[\s,'\"]+"
_ETHTOOL = re.compile(
    rf"\bethtool{_BETWEEN}(?:-L|--set-channels){_BETWEEN}[^;&]{{0,99}}?\bcombined{_BETWEEN}(\d+)"
)
_OPTIONS = re.compile(
    r"ETHTOOL_OP[A-Z_]{0,9}=.{0,99}?(?:-L|--set-channels)\s[^;&]{0,99}?\bcombined\s+(\d+)"
)
_CONNECTION = re.compile(r"channels-combined\s*=\s*(\d+)")
_TUNED = re.compile(r"channels\s*=.*\bcombined\s+(\d+)")

_INCLUDE = re.compile(r"include\s*=\s*(.+)")
_CPUS = re.compile(r"nosmp|(?:maxcpus|nr_cpus)=\d+")

_ACTIVE = "/etc/tuned/active_profile"
_PROFILES = ("/etc/tuned", "/etc/tuned/profiles", "/usr/lib/tuned", "/usr/lib/tuned/profiles")


def limits(disk: Filesystem) -> Iterator[str]:
    """Yield what sets a fixed number of queues, with the file and the line that does it."""
    for link in network.link_files(disk, DRIVER):
        channels = link.settings.get("CombinedChannels", "")
        if channels.isdecimal():
            yield f"{link.path} sets CombinedChannels={channels}"
    for path, number, line in startup.lines(disk):
        for pattern in (_ETHTOOL, _OPTIONS, _CONNECTION):
            match = pattern.search(line.partition(" #")[0])
            if match is not None:
                yield f"{path}:{number} sets {match[1]} of them: {line}"
                break
    yield from _tuned(disk)
    for place, argument in arguments(disk):
        if _CPUS.fullmatch(argument):
            yield f"{place} has {argument}: a NIC has no more queues than there are CPUs"


def _tuned(disk: Filesystem) -> Iterator[str]:
    names = dict.fromkeys(text(disk, _ACTIVE).split())
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        paths = (f"{directory}/{name}/tuned.conf" for directory in _PROFILES)
        path = next(filter(disk.exists, paths), "")
        for number, line in significant_lines(text(disk, path) if path else "", "#;"):
            if match := _TUNED.match(line):
                yield f"{path}:{number} sets {match[1]} of them: {line}"
            elif match := _INCLUDE.match(line):
                included = [each.strip().lstrip("-") for each in re.split("[,:]", match[1])]
                waiting += [each for each in included if each not in names]
                names |= dict.fromkeys(included)
