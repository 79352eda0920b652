"""What dpkg leaves out of the packages that it unpacks: ``--path-exclude`` of dpkg(1).

Which files are read, and in which order: dpkg's ``lib/dpkg/options.c``; how patterns match:
fnmatch(3) without flags, so that ``*`` matches ``/`` as well.
"""

import fnmatch
import re
from dataclasses import dataclass

from builder.feature import Filesystem
from builder.linux.files import significant_lines, text

_DIRECTORY = "/etc/dpkg/dpkg.cfg.d"
_FILE = "/etc/dpkg/dpkg.cfg"
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_RULE = re.compile(r"path-(exclude|include)(?:\s*=\s*|\s+)(\S.*)")


@dataclass(frozen=True)
class Filters:
    """Patterns of paths in their order, each with whether what matches is left out."""

    rules: tuple[tuple[str, bool], ...]

    def leave_out(self, path: str) -> bool:
        """Whether a package's file of this absolute path is not unpacked: the last match counts."""
        answers = (out for pattern, out in reversed(self.rules) if _matches(path, pattern))
        return next(answers, False)


def _matches(path: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(path, pattern)


def read(disk: Filesystem) -> Filters:
    """The filters that the guest's dpkg has; none where there is no dpkg."""
    names = (name for name in disk.list(_DIRECTORY) if _NAME.fullmatch(name))
    files = (*(f"{_DIRECTORY}/{name}" for name in names), _FILE)
    lines = (line for path in files for _, line in significant_lines(text(disk, path)))
    found = (match for line in lines if (match := _RULE.fullmatch(line)))
    return Filters(tuple((match[2].strip('"'), match[1] == "exclude") for match in found))
