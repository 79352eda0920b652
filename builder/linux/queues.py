"""What keeps the NICs of virtio-net from using all the queues that their host gives them.

Since Linux 4.10 their driver uses as many as there are CPUs without being told
(``drivers/net/virtio_net.c``): one queue is what somebody has set. Sources: ethtool(8),
systemd.link(5), nm-settings(5) for ``channels-combined``, tuned's plugin ``net`` for ``channels``.
"""

import re
from collections.abc import Iterator

from builder.feature import Filesystem
from builder.linux import network, startup
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


def _tuned(disk: Filesystem) -> Iterator[str]:
    for name in text(disk, _ACTIVE).split():
        paths = (f"{directory}/{name}/tuned.conf" for directory in _PROFILES)
        path = next(filter(disk.exists, paths), "")
        for number, line in significant_lines(text(disk, path) if path else "", "#;"):
            match = _TUNED.match(line)
            if match is not None:
                yield f"{path}:{number} sets {match[1]} of them: {line}"
