"""How much room a place for files has left, and how much some work needs there."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self

MIB = 1024**2
GIB = 1024**3

LITTLE = 64 * MIB
"""A place with less is what has become full: programs stop before the last byte is taken."""

NOTHING = 1 * MIB
"""With less, hardly anything can be written."""


@dataclass(frozen=True)
class Room:
    """What a place has left; sizes are in bytes."""

    name: str
    """As the user calls it."""
    free: int
    needed: int
    work: str
    """Which needs it: "a build"."""
    remedy: str
    """What gives it more room; completes "Remedy: …"."""
    inodes: bool = True
    """Whether a further file can be made."""

    @classmethod
    def of(cls, path: Path, *, needed: int, work: str, remedy: str, name: str = "") -> Self:
        """What the file system of a path has left. One that does not count has enough."""
        place = existing(path)
        usage, counts = shutil.disk_usage(place), os.statvfs(place)
        return cls(
            name=name or str(path),
            free=usage.free if usage.total else needed,
            needed=needed,
            work=work,
            remedy=remedy,
            inodes=counts.f_favail > 0 or not counts.f_files,
        )

    @property
    def suffices(self) -> bool:
        """Whether the work can begin."""
        return self.free >= self.needed and self.inodes

    @property
    def is_little(self) -> bool:
        """Whether this is what has become full, where something has."""
        return self.free < LITTLE or not self.inodes

    @property
    def is_nothing(self) -> bool:
        """Whether nothing more can be written here."""
        return self.free < NOTHING or not self.inodes

    def __str__(self) -> str:
        if not self.inodes:
            return f"{self.name} has no inode free: no further file can be made there"
        return f"{self.name} has {size(self.free)} free, {self.work} needs {size(self.needed)}"


def existing(path: Path) -> Path:
    """The path, or the nearest one above it that exists."""
    return next(place for place in (path, *path.absolute().parents) if place.exists())


def size(count: int) -> str:
    """So many bytes in the unit that a reader wants."""
    if count < GIB // 10:
        return f"{count / MIB:.0f} MiB"
    return f"{count / GIB:.1f}".removesuffix(".0") + " GiB"
