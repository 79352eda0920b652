"""Whether a flavor is one for an image: what it lacks, and what Nova has against the pair. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from builder.cloud.api.model import Flavor
from builder.cloud.plan.plan import CloudPlan
from builder.feature import Conflict
from builder.feature.needs import ExtraSpec, FlavorVcpus, Necessity, Need
from builder.nova.conflicts import nova_conflicts
from builder.nova.kind import BOOLEANS
from builder.nova.properties import is_true
from builder.nova.topology import number
from builder.plan.model import Plan


@dataclass(frozen=True)
class Wanted:
    """What an image wants of a cloud: its half, and the properties that it claims itself."""

    plan: CloudPlan
    properties: Mapping[str, str]
    memory: int
    """MiB with which its guests were booted."""
    disk: int
    """GiB that its disk has at least; 0 where only the build knows."""

    @property
    def needs(self) -> list[Need]:
        """Those of the cloud's release."""
        return [owned.need for owned in self.plan.needs]

    @property
    def vcpus(self) -> int:
        """As few as its flavor may have."""
        counts = [
            need.what.count
            for need in self.needs
            if isinstance(need.what, FlavorVcpus) and need.necessity is Necessity.REQUIRED
        ]
        return max(counts, default=1)

    @property
    def specs(self) -> dict[str, str]:
        """Extra specs that the flavor must have: where a limit will do, the least one."""
        least = {
            need.what.name: need.what.value
            for need in self.needs
            if isinstance(need.what, ExtraSpec)
            and need.what.at_least
            and need.necessity is Necessity.REQUIRED
        }
        return dict(sorted({**least, **self.plan.extra_specs}.items()))


def wanted(plan: Plan, cloud: CloudPlan) -> Wanted:
    """What the images of a plan want; ``cloud`` is the cloud's half for its release."""
    return Wanted(
        plan=cloud,
        properties={claim.property: claim.value for claim in plan.claims},
        memory=plan.publish.min_ram_mib
        or min((boot.machine.memory_mib for boot in plan.boots), default=0),
        disk=plan.disk.size_gib or 0,
    )


@dataclass(frozen=True)
class Fit:
    """A flavor, and why servers of the image would not get with it what the image claims."""

    flavor: Flavor
    lacks: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    @property
    def known(self) -> bool:
        """Whether its extra specs are seen."""
        return self.flavor.extra_specs is not None

    @property
    def good(self) -> bool:
        """Whether nothing is against it, as far as it is seen."""
        return not self.lacks and not self.conflicts

    @property
    def reasons(self) -> list[str]:
        """What is against it, in sentences."""
        return [
            *(f"lacks {what}" for what in self.lacks),
            *(f"{conflict.name}: {conflict.reason}" for conflict in self.conflicts),
        ]


def fit(wanted: Wanted, flavor: Flavor) -> Fit:
    """Judge one flavor; of one whose extra specs are not seen, its size alone."""
    specs = flavor.extra_specs
    lacks = [*_too_small(wanted, flavor)]
    lacks += _lacking_vcpus(wanted.needs, flavor)
    if specs is None:
        return Fit(flavor, tuple(lacks))
    found = nova_conflicts(wanted.properties, {**specs, "vcpus": str(flavor.vcpus)})
    told = {conflict.name for conflict in found}
    lacks += _lacking_specs([need for need in wanted.needs if _name(need) not in told], specs)
    return Fit(flavor, tuple(lacks), tuple(found))


def _name(need: Need) -> str:
    return need.what.name if isinstance(need.what, ExtraSpec) else ""


def _too_small(wanted: Wanted, flavor: Flavor) -> Iterator[str]:
    if flavor.ram < wanted.memory:
        yield f"{wanted.memory} MiB of memory (it has {flavor.ram})"
    if 0 < flavor.disk < wanted.disk:
        yield f"a disk of {wanted.disk} GiB (it has {flavor.disk})"


def _lacking_vcpus(needs: Iterable[Need], flavor: Flavor) -> Iterator[str]:
    for need in needs:
        if need.necessity is Necessity.REQUIRED and isinstance(need.what, FlavorVcpus):
            enough = flavor.vcpus >= need.what.count
            if not (enough if need.what.at_least else flavor.vcpus == need.what.count):
                yield f"{need.what} (it has {flavor.vcpus})"


def _lacking_specs(needs: Iterable[Need], specs: Mapping[str, str]) -> Iterator[str]:
    for need in needs:
        if not isinstance(need.what, ExtraSpec) or need.necessity is Necessity.ADVISED:
            continue
        value = specs.get(need.what.name)
        if value is None and need.necessity is Necessity.REQUIRED:
            yield str(need.what)
        if value is not None and not satisfies(need.what, value):
            yield f"{need.what} (it has {value})"


def satisfies(wanted: ExtraSpec, value: str) -> bool:
    """Whether a value is what is wanted; Nova reads several words as one truth."""
    if wanted.at_least:
        return number(value) >= number(wanted.value)
    if wanted.value.lower() in BOOLEANS:
        return is_true(value) == is_true(wanted.value)
    return value == wanted.value
