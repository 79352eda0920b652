"""The plan of a cloud's half: what an image needs of one, with one release of Nova. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from builder.cloud.plan.ability import Ability
from builder.feature import FlavorVcpus, Need, NovaRelease
from builder.feature.needs import flavor_of
from builder.nova.topology import USUAL_VCPUS
from builder.plan.model import Plan

Kind = TypeVar("Kind")

USUAL_RAM = 2048
USUAL_DISK = 10
"""MiB and GiB of a flavor, where the profile says nothing of it."""


@dataclass(frozen=True)
class OwnedNeed:
    """A need, and the features and abilities that have it."""

    need: Need
    owners: tuple[str, ...]


@dataclass(frozen=True)
class FlavorSize:
    """What a flavor has beside its extra specs. Memory in MiB, disk in GiB."""

    vcpus: int
    ram: int
    disk: int


@dataclass(frozen=True)
class CloudPlan:
    """What one release of Nova must have for a profile's images."""

    profile: str
    release: NovaRelease
    needs: tuple[OwnedNeed, ...]
    """Those of this release, in the features' order."""
    size: FlavorSize
    """Of a flavor that will do; whoever makes it may give more."""

    @property
    def extra_specs(self) -> Mapping[str, str]:
        """What the flavor must have exactly."""
        flavor = flavor_of((owned.need for owned in self.needs), self.release)
        return {name: value for name, value in flavor.items() if name != "vcpus"}

    def of_kind(self, kind: type[Kind]) -> list[tuple[OwnedNeed, Kind]]:
        """The needs of one kind, each with what is needed."""
        return [
            (owned, owned.need.what) for owned in self.needs if isinstance(owned.need.what, kind)
        ]


def cloud_plan(plan: Plan, release: NovaRelease, abilities: Iterable[Ability] = ()) -> CloudPlan:
    """What that release needs for the plan's images, and for what the cloud shall do besides."""
    owners: dict[Need, list[str]] = {}
    for owner, needs in (
        *plan.needs.items(),
        *((ability.name, ability.needs) for ability in abilities),
    ):
        for need in needs:
            if need.applies_to(release):
                owners.setdefault(need, []).append(owner)
    owned = tuple(OwnedNeed(need, tuple(names)) for need, names in owners.items())
    return CloudPlan(plan.profile, release, owned, _size(plan, owned))


def _size(plan: Plan, owned: Iterable[OwnedNeed]) -> FlavorSize:
    needed = [entry.need.what for entry in owned]
    counts = [what.count for what in needed if isinstance(what, FlavorVcpus)]
    return FlavorSize(
        vcpus=max(counts, default=USUAL_VCPUS),
        ram=plan.publish.min_ram_mib or USUAL_RAM,
        disk=plan.disk.size_gib or USUAL_DISK,
    )
