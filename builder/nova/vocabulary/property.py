"""What is known of an image property."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from builder.nova.kind import Kind
from builder.nova.release import Release


@dataclass(frozen=True)
class Property:
    """An image property."""

    kind: Kind
    meaning: str
    """What Nova makes of it, or whoever else reads it: a sentence."""
    since: Release | None = None
    """The first release of Nova that reads it; None where Nova does not."""
    newer: Mapping[str, Release] = field(default_factory=dict)
    """Values that came later than the property, each with its first release."""
    until: Release | None = None
    """The last release that makes something of it; None where the newest still does."""
