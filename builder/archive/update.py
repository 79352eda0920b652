"""A package that a new image would have otherwise, whichever resolver says so. Pure data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class Step:
    """A package that a resolver would install or remove."""

    verb: Literal["install", "remove"]
    name: str
    old: str
    """The version that is there; empty for none."""
    new: str
    """Empty where it would be removed."""
    architecture: str
    is_security: bool = False
    """Whether the archive says that the new version closes a hole."""


@dataclass(frozen=True)
class Update:
    """A package that a new image would have, or no longer."""

    step: Step
    since: datetime | None = None
    """When the archive got a security update; None where nothing tells, and for other packages."""
    dated: bool = False
    """Whether the archive itself says so; else it is the day of the index that first had it."""
