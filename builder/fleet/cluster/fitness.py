"""What keeps this machine from a step that another one of the fleet may be able to do.

What it has announced does not tell: disks fill up, and clocks are set, while a worker runs.
"""

from collections.abc import Sequence
from datetime import timedelta

from builder.build import space_needs
from builder.build.requirements import works_in_memory
from builder.errors import HostError
from builder.fleet.graph import Kind, Step
from builder.fleet.perform import Place
from builder.host.paths import cache_directory
from builder.host.room import LITTLE, Room
from builder.proof.requirements import scratch_room
from builder.words import counted

CLOCK_LIMIT = timedelta(minutes=1)
"""How far the clocks of a fleet may be apart: builds and evidence have their times, a build its
name, and no build takes less."""


class UnfitError(HostError):
    """This machine cannot do it, and another may."""


def require_clock(ahead: timedelta) -> None:
    """Raise ``UnfitError`` for a clock that is so far ahead of the scheduler's, or behind it."""
    if abs(ahead) > CLOCK_LIMIT:
        direction = "ahead of" if ahead > timedelta() else "behind"
        minutes = counted(round(abs(ahead) / timedelta(minutes=1)), "minute")
        raise UnfitError(
            f"The clock of this machine is {minutes} {direction} the scheduler's.",
            details=["An image, and what proves it, would have wrong times."],
            hint="Set the clock that is wrong, best by NTP: timedatectl set-ntp true.",
        )


def require_room(*rooms: Room, failed: Sequence[str] = ()) -> None:
    """Raise ``UnfitError`` where one of these places is too small.

    ``failed`` is what a step that has failed by it has told.
    """
    small = [room for room in rooms if not room.suffices]
    if small:
        raise UnfitError(
            f"There is too little room: {small[0]}.",
            details=[*(f"{room}." for room in small[1:]), *failed],
            hint=f"Remedy: {'; '.join(dict.fromkeys(room.remedy for room in small))}.",
        )


def rooms(step: Step, place: Place) -> tuple[Room, ...]:
    """Where a step writes on this machine, and what it needs there."""
    logs = Room.of(
        place.dist,
        needed=LITTLE,
        work=f"a {step.kind}",
        remedy="make room, or choose another directory with --output",
    )
    match step.kind:
        case Kind.BUILD:
            images = space_needs.output(place.dist, in_memory=works_in_memory())
            return images, space_needs.packages(cache_directory())
        case Kind.PROOF:
            return logs, scratch_room()
        case _:
            return (logs,)
