"""What a unit's file and its drop-ins say together, as systemd reads them.

Rules: systemd.unit(5) for drop-ins of a unit, of its prefixes and of its type, and for aliases;
systemd.syntax(7) for lines that are continued.
"""

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from builder.feature import Filesystem
from builder.linux import systemd
from builder.linux.files import search_path, text

DIRECTORIES = ("/etc/systemd/system.control", *systemd.DIRECTORIES)
"""Where units and their drop-ins lie on a disk at rest; the first has precedence."""

YES = frozenset({"1", "yes", "true", "on", "t", "y"})
"""What systemd takes for true, in small letters: systemd.syntax(7)."""


@dataclass(frozen=True)
class Setting:
    """One assignment, and where it is made."""

    path: str
    line: int
    section: str
    name: str
    value: str

    @property
    def place(self) -> str:
        """The file and the line."""
        return f"{self.path}:{self.line}"


def settings(disk: Filesystem, unit: str) -> tuple[Setting, ...]:
    """Every assignment to a unit, as systemd reads them; none of a masked unit."""
    found = systemd.unit(disk, unit)
    if found.path is None or found.state is systemd.State.MASKED:
        return ()
    return tuple(
        setting for path in (found.path, *drop_ins(disk, unit)) for setting in parsed(disk, path)
    )


def drop_ins(disk: Filesystem, unit: str) -> tuple[str, ...]:
    """The drop-ins of a unit and its aliases, in the order of their names."""
    directories = tuple(
        f"{directory}/{owner}.d" for owner in _owners(disk, unit) for directory in DIRECTORIES
    )
    return search_path(disk, directories, ".conf")


def values(found: Iterable[Setting], section: str, name: str) -> tuple[Setting, ...]:
    """The assignments of one name that count: an empty one takes back those before it."""
    kept: list[Setting] = []
    for setting in found:
        if (setting.section, setting.name) == (section, name):
            kept = [*kept, setting] if setting.value else []
    return tuple(kept)


def parsed(disk: Filesystem, path: str) -> Iterator[Setting]:
    """The assignments in one file."""
    section, start = "", 0
    begun: list[str] = []
    for number, line in enumerate(text(disk, path).splitlines(), start=1):
        stripped = line.strip()
        if begun and stripped.startswith(("#", ";")):
            continue  # a comment amid a continued line does not end it
        start = start if begun else number
        begun.append(stripped.removesuffix("\\").strip())
        if stripped.endswith("\\"):
            continue
        logical = " ".join(begun)
        begun = []
        if logical.startswith("[") and logical.endswith("]"):
            section = logical[1:-1]
        elif logical and logical[0] not in "#;":
            name, _, value = logical.partition("=")
            yield Setting(path, start, section, name.strip(), value.strip())


def _owners(disk: Filesystem, unit: str) -> Iterator[str]:
    """The names that a drop-in's directory may have, the most special first.

    An instance, as getty@tty1.service, has its template's, too.
    """
    stem, _, kind = unit.rpartition(".")
    yield unit
    prefix, at, _ = stem.partition("@")
    if at:
        yield f"{prefix}@.{kind}"
    yield from _aliases(disk, unit, kind)
    parts = stem.split("-")
    for length in range(len(parts) - 1, 0, -1):
        yield f"{'-'.join(parts[:length])}-.{kind}"
    yield kind


def _aliases(disk: Filesystem, unit: str, kind: str) -> Iterator[str]:
    for name in disk.list("/etc/systemd/system"):
        if name.endswith(f".{kind}") and name != unit:
            target = disk.readlink(f"/etc/systemd/system/{name}")
            if target is not None and posixpath.basename(target) == unit:
                yield name
