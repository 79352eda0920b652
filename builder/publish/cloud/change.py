"""One change of an image in a cloud."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """One request that changes one image."""

    image: str
    """Its id."""
    reason: str
    """For the log: what it does, as a sentence without a stop."""
    attributes: Mapping[str, object]
    """New values, by Glance's names."""
    remove: tuple[str, ...] = ()
    """Properties to take away, before others are set; Glance refuses where one is not there."""
    undo: "Change | None" = None
    """What takes it back while the target has not got the name."""
