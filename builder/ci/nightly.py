"""What is wanted of scheduled builds, whichever CI runs them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

WORD = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
PATH = rf"{WORD}(?:/{WORD})*"
"""Names and paths that mean nothing else in YAML, in a shell, or in a CI's own expressions."""

_VALUES = (
    r"[0-5]?\d",
    r"[01]?\d|2[0-3]",
    r"0?[1-9]|[12]\d|3[01]",
    r"0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC",
    r"[0-6]|SUN|MON|TUE|WED|THU|FRI|SAT",
)
_PARTS = (rf"(?:\*|(?:{value})(?:-(?:{value}))?)(?:/[1-9]\d?)?" for value in _VALUES)
CRON = " ".join(rf"{part}(?:,{part})*" for part in _PARTS)
"""Five fields of cron: minute, hour, day, month and day of the week, as all CIs know them."""


class Place(StrEnum):
    """Where a job runs, and so where the program and earlier builds come from."""

    SELF_HOSTED = "self-hosted"
    """A host that stays: the program is installed there, and the builds stay on its disk."""
    CONTAINER = "container"
    """A system that is new each night: it installs the program, and the CI caches the builds."""


@dataclass(frozen=True)
class Image:
    """One image of the night."""

    profile: str
    """A shipped profile's name, or the path of a profile file from the repository's top."""
    name: str
    """The profile's own name, which its builds have."""


@dataclass(frozen=True, kw_only=True)
class Nightly:
    """Images that are built where they are due, published to staging, proven and promoted."""

    images: Sequence[Image]
    place: Place
    runner: str
    """The label (of GitHub), tag (of GitLab) or node label (of Zuul) of what runs the jobs; empty
    for the CI's default of this program."""
    checkout: str
    """Where in the repository this program's checkout lies; for new systems."""
    staging: str
    production: str
    """The clouds, as ``clouds.yaml`` names them."""
    signed_by: str
    """The file in the repository with the public half of the key that signs what is made, and whose
    signature a publication asks for; empty where nothing is signed."""
    schedule: str
    """When, as five fields of cron, in UTC."""
    command: str
    """What writes the definition anew."""
