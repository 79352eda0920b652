"""A user of this machine who is not root and has subordinate ids, for the time of a command."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

NAME = "builder"
ID = 54_321
"""Of the user and of its group; nobody else's."""
FIRST = 700_000
IDS = 65_536


class OrdinaryUser:
    """The user's entries in the machine's lists, which a command finds in place of them."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir()
        os.chown(home, ID, ID)
        self._lists = {
            "passwd": f"{NAME}:x:{ID}:{ID}::{home}:/bin/sh\n",
            "group": f"{NAME}:x:{ID}:\n",
            "subuid": f"{NAME}:{FIRST}:{IDS}\n",
            "subgid": f"{NAME}:{FIRST}:{IDS}\n",
        }
        for name, line in self._lists.items():
            present = Path("/etc", name)
            others = present.read_text() if present.exists() else ""
            (home.parent / name).write_text(others + line)

    def own(self, *paths: Path) -> None:
        """Give what is at these places, and in them, to the user."""
        for top in paths:
            for path in (top, *top.rglob("*")):
                os.chown(path, ID, ID, follow_symlinks=False)

    def command(self, argv: Sequence[str | Path], *reached: Path) -> list[str | Path]:
        """The argv by which the user runs ``argv`` and reaches directories, wherever they lie.

        The machine sees nothing of it: the lists, and ways through closed directories, are mounted
        in a namespace of the command's own.
        """
        lines = [
            f"touch /etc/{name}; mount --bind '{self.home.parent / name}' /etc/{name}"
            for name in self._lists
            if Path("/etc", name).exists()
        ]
        lines += _ways(reached)
        lines.append(f'exec setpriv --reuid {ID} --regid {ID} --clear-groups -- "$@"')
        return ["unshare", "--mount", "sh", "-ec", "\n".join(lines), "sh", *argv]


def _ways(reached: Sequence[Path]) -> Iterator[str]:
    """Commands that put each directory below open ones, where one above it is closed to others."""
    closed = {directory: way for directory in reached if (way := _closed(directory))}
    for number, directory in enumerate(closed):
        yield f"mkdir -p /run/reached-{number}; mount --bind '{directory}' /run/reached-{number}"
    for way in sorted(set(closed.values())):
        yield f"mount -t tmpfs -o mode=755 none '{way}'"
    for number, directory in enumerate(closed):
        yield f"mkdir -p '{directory}'; mount --move /run/reached-{number} '{directory}'"


def _closed(directory: Path) -> Path | None:
    """The topmost directory above one that others may not pass."""
    above = [path for path in reversed(directory.resolve().parents) if not path.stat().st_mode & 1]
    return above[0] if above else None
