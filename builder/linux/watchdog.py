"""What the watchdog daemon is told to do: watchdog.conf(5), and Debian's switch for its unit."""

from collections.abc import Mapping

from builder.feature import Filesystem
from builder.linux.files import significant_lines, text

CONFIGURATION = "/etc/watchdog.conf"
SWITCH = "/etc/default/watchdog"


def settings(disk: Filesystem) -> Mapping[str, str]:
    """Return the daemon's settings; the last line of a name counts."""
    return _assignments(text(disk, CONFIGURATION))


def is_switched_off(disk: Filesystem) -> bool:
    """Whether Debian's unit runs nothing although it is started: ``run_watchdog`` is not 1."""
    return _assignments(text(disk, SWITCH)).get("run_watchdog", "1") != "1"


def _assignments(content: str) -> dict[str, str]:
    lines = (line.partition("=") for _, line in significant_lines(content))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in lines}
