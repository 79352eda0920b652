"""Where a build writes, and how much it needs there."""

from collections.abc import Sequence
from pathlib import Path

from builder.host.room import GIB, Room

OUTPUT_IN_MEMORY = 2 * GIB
"""What the image takes at most, about, its log, and the raw disk that it is made of."""

OUTPUT_ON_DISK = 6 * GIB
"""The same, with the tree beside it."""

SCRATCH = 2 * GIB
"""What the tree takes, with its packages while they are installed."""

PACKAGES = 1 * GIB
"""What a build's packages take, and the copies that are kept of them."""

WORK = "a build"


def output(directory: Path, *, in_memory: bool) -> Room:
    """That of the images."""
    return Room.of(
        directory,
        needed=OUTPUT_IN_MEMORY if in_memory else OUTPUT_ON_DISK,
        work=WORK,
        remedy="make room, or choose another directory with --output",
    )


def packages(cache: Path) -> Room:
    """That of the packages."""
    return Room.of(
        cache,
        needed=PACKAGES,
        work=WORK,
        remedy="make room, or choose another directory with GUEST_IMAGE_CACHE",
    )


def memory(scratch: Path) -> Room:
    """That of the tree, where it is kept in memory."""
    return Room.of(
        scratch,
        name="the build's tmpfs, of 80 % of the memory,",
        needed=SCRATCH,
        work=WORK,
        remedy="free memory, or build on a machine with more",
    )


def told(rooms: Sequence[Room]) -> tuple[list[str], str]:
    """A sentence for each place, and what helps where there is no room.

    Where none is full, since what had been written is gone, those that are too small are meant.
    """
    if not rooms:
        return [], ""
    full = [room for room in rooms if room.is_little]
    full = full or [room for room in rooms if not room.suffices] or [*rooms]
    remedies = dict.fromkeys(room.remedy for room in full)
    return [f"{room}." for room in rooms], f"Remedy: {'; or '.join(remedies)}."
