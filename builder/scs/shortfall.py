"""Where an image falls short of a standard. Pure data."""

from dataclasses import dataclass
from enum import StrEnum

METADATA = "SCS-0102"
IMAGES = "SCS-0104"


class Level(StrEnum):
    """How much a standard wants something, in its own words."""

    MUST = "must"
    SHOULD = "should"


@dataclass(frozen=True)
class Shortfall:
    """One rule that an image does not keep."""

    standard: str
    level: Level
    subject: str
    """The property, or what else of the image it is about."""
    rule: str
    """What the standard wants: a sentence without a stop."""
    found: str
    """What is there instead."""
    remedy: str
    """What helps: whole sentences, or a command."""
