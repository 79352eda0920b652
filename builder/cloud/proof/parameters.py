"""What a proof is made of. Pure data."""

from dataclasses import dataclass, field

from builder.cloud.api.model import Flavor
from builder.cloud.server.operator import Operator
from builder.publish.cloud.image import CloudImage


@dataclass(frozen=True)
class Limits:
    """Seconds after which a step has failed. Emulated guests take two minutes to boot."""

    active: float = 600
    boot: float = 900
    agent: float = 300
    password: float = 180
    resize: float = 120
    volume: float = 240
    """Nova itself asks a guest for 160 s to let a disk go."""
    action: float = 900
    """A guest settles, hangs, and is acted on and back, besides its watchdog's own time."""
    deleted: float = 180


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a proof is made of: an image in a cloud, and what a server gets besides."""

    image: CloudImage
    build: str
    flavor: Flavor
    network: str
    """An id, or ``NO_NIC``."""
    operator: Operator | None = None
    limits: Limits = field(default_factory=Limits)
