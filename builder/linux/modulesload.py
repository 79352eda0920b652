"""Modules that are loaded at boot because a file says so: modules-load.d(5)."""

from builder.feature import Filesystem
from builder.linux.files import search_path, significant_lines, text

_DIRECTORIES = (
    "/etc/modules-load.d",
    "/usr/local/lib/modules-load.d",
    "/usr/lib/modules-load.d",
    "/lib/modules-load.d",
)
_CLASSIC = "/etc/modules"  # Debian links it into the first directory


def named_by(disk: Filesystem, module: str) -> str | None:
    """Return the file that has the module loaded, or None."""
    for path in (*search_path(disk, _DIRECTORIES, ".conf"), _CLASSIC):
        for _, line in significant_lines(text(disk, path), "#;"):
            if line.split()[0].replace("-", "_") == module:
                return path
    return None
