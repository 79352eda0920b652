"""What a cloud has for servers, as one role sees it."""

from collections.abc import Mapping
from dataclasses import dataclass

from builder.cloud.api.model import Absolute, Aggregate, ComputeService, Flavor


@dataclass(frozen=True)
class Unknown:
    """What the role does not see, or a service did not answer: the reason."""

    reason: str


@dataclass(frozen=True)
class Placement:
    """What resource providers have of what is wanted, by their names."""

    room: Mapping[str, tuple[str, ...]]
    """By resource class, those that have as much free as one server takes."""
    total: Mapping[str, int]
    """How much there is, free or not, of the classes of which none has room."""
    traits: Mapping[str, tuple[str, ...]]
    """By trait, those that have it."""
    together: tuple[str, ...]
    """Those that have all that a host itself must have."""


@dataclass(frozen=True)
class View:
    """What was seen, at one time."""

    cloud: str
    newest: tuple[int, int]
    """Nova's newest microversion."""
    flavors: tuple[Flavor, ...]
    aggregates: tuple[Aggregate, ...] | Unknown
    computes: tuple[ComputeService, ...] | Unknown
    limits: Absolute | Unknown
    soft_deleted: bool | Unknown
    """Whether there is a server that can be restored."""
    placement: Placement | Unknown
