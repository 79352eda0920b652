"""Which commands the QEMU guest agent's configuration takes away.

Sources: qemu-ga(8), and the files that Debian's and Red Hat's units read.
"""

import re

from builder.feature import Filesystem
from builder.linux.files import significant_lines, text

_FILES = ("/etc/qemu/qemu-ga.conf", "/etc/sysconfig/qemu-ga", "/etc/default/qemu-guest-agent")

# [general] blacklist=, block-rpcs=, allow-rpcs= of qemu-ga.conf; BLACKLIST_RPC= and
# FILTER_RPC_ARGS="--allow-rpcs=…" of Red Hat; arguments of the daemon.
_FILTER = re.compile(
    r"(?P<kind>black|block|allow)[\w-]{0,16}\s{0,8}(?:=|\s)\s{0,8}[\"']?(?P<names>guest-[\w,; -]+)",
    re.IGNORECASE,
)


def blocked_commands(disk: Filesystem, commands: frozenset[str]) -> tuple[str, ...]:
    """Name each of ``commands`` that is blocked, with the file and line that does it."""
    found = []
    for path in _FILES:
        for number, line in significant_lines(text(disk, path), "#;"):
            for match in _FILTER.finditer(line):
                names = set(re.split(r"[,; ]+", match["names"]))
                allowing = match["kind"].lower() == "allow"
                blocked = commands - names if allowing else commands & names
                found += [f"{path}:{number} blocks {name}" for name in sorted(blocked)]
    return tuple(found)
