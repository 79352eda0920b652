"""What an operator sets up for a profile's images: the cloud's half, and one of its hosts."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from builder.cloud.compute_host.capacity import lay_out
from builder.cloud.compute_host.layout import Division, HostLayout, demand_of
from builder.cloud.compute_host.topology_file import read_topology
from builder.cloud.plan.ability import ABILITIES
from builder.cloud.plan.plan import CloudPlan, cloud_plan
from builder.cloud.plan.settings import Facts
from builder.feature import NovaRelease
from builder.plan.of_profile import plan_of


@dataclass(frozen=True)
class Host:
    """A compute host that is there, and how it is to be divided."""

    topology: Path
    """What its ``lscpu -J`` has printed, or a copy of its sysfs."""
    division: Division


@dataclass(frozen=True)
class OperatorPlan:
    """What a cloud must have, and what one host of it has of its own, where one was given."""

    cloud: CloudPlan
    layout: HostLayout | None

    @property
    def facts(self) -> Facts:
        """What fragments for that host are filled in with; empty without one."""
        return self.layout.facts if self.layout else {}


def operator_plan(
    profile: str, release: NovaRelease, abilities: Iterable[str], host: Host | None
) -> OperatorPlan:
    """The plan for a cloud of this release that shall have these of ``ABILITIES``, too.

    Raises ``InputError`` for a wrong profile or topology, and for a host that cannot be divided so
    or has no place for a guest.
    """
    cloud = cloud_plan(plan_of(profile), release, [ABILITIES[name] for name in abilities])
    if host is None:
        return OperatorPlan(cloud, None)
    topology = read_topology(host.topology)
    return OperatorPlan(cloud, lay_out(topology, demand_of(cloud), host.division))
