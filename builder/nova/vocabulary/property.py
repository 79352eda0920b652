"""What is known of an image property."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from builder.feature.nova_release import NovaRelease
from builder.nova.kind import Kind


@dataclass(frozen=True)
class Property:
    """An image property."""

    kind: Kind
    meaning: str
    """What Nova makes of it, or whoever else reads it: a sentence."""
    since: NovaRelease | None = None
    """The first release of Nova that reads it; None where Nova does not."""
    newer: Mapping[str, NovaRelease] = field(default_factory=dict)
    """Values that came later than the property, each with its first release."""
    until: NovaRelease | None = None
    """The last release that makes something of it; None where the newest still does."""
    restricts: bool = False
    """Whether it binds a guest to hosts and flavors that give what it asks for; what others ask
    for any host has."""
