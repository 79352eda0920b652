"""The flavor and the aggregate that are made for a profile. Pure.

Each carries the profile's name under ``TAG``; what does not is somebody else's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from builder.cloud.api.model import Aggregate, Flavor
from builder.cloud.check.fit import Wanted
from builder.cloud.plan.plan import FlavorSize
from builder.feature.needs import AggregateMetadata, Necessity

TAG = "guest-image-builder:profile"
"""An extra spec and a key of metadata. Nova's filters pass over a prefix that is none of theirs."""


@dataclass(frozen=True)
class MadeFlavor:
    """A flavor as it is to be: for everybody, as ``openstack flavor create`` makes them."""

    name: str
    profile: str
    size: FlavorSize
    specs: Mapping[str, str]

    @property
    def description(self) -> str:
        """What a flavor has from its first moment on, before it has any extra spec."""
        return description(self.profile)


@dataclass(frozen=True)
class MadeAggregate:
    """An aggregate as it is to be. Hosts that are in it besides these, stay."""

    name: str
    metadata: Mapping[str, str]
    hosts: tuple[str, ...]


def description(profile: str) -> str:
    """Tells, as the tag does, who has made a flavor."""
    return f"made by guest-image-builder for {profile}"


def is_made(thing: Flavor | Aggregate, profile: str) -> bool:
    """Whether it was made here for that profile."""
    if isinstance(thing, Aggregate):
        return thing.metadata.get(TAG) == profile
    tagged = thing.specs.get(TAG) == profile
    return tagged or thing.description == description(profile)


def made_flavor(wanted: Wanted, name: str, size: FlavorSize) -> MadeFlavor:
    """The flavor of a profile."""
    profile = wanted.plan.profile
    return MadeFlavor(name, profile, size, {**wanted.specs, TAG: profile})


def made_aggregate(wanted: Wanted, name: str, hosts: Iterable[str]) -> MadeAggregate | None:
    """The aggregate that a profile's images need, or None."""
    metadata = {
        need.what.key: need.what.value
        for need in wanted.needs
        if isinstance(need.what, AggregateMetadata) and need.necessity is Necessity.REQUIRED
    }
    if not metadata:
        return None
    return MadeAggregate(name, {**metadata, TAG: wanted.plan.profile}, tuple(dict.fromkeys(hosts)))
