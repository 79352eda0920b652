"""The options and kernel arguments of a cloud plan, with the values of a host. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from builder.cloud.plan.plan import CloudPlan, OwnedNeed
from builder.feature import (
    ConfigOption,
    Consequence,
    HostFact,
    KernelArgument,
    Necessity,
    NovaRelease,
    SchedulerFilter,
)
from builder.words import enumeration, one_line

FILTERS = (
    "ComputeFilter",
    "ComputeCapabilitiesFilter",
    "ImagePropertiesFilter",
    "ServerGroupAntiAffinityFilter",
    "ServerGroupAffinityFilter",
)
"""Nova's own ``enabled_filters``, which stand in every release."""
FORMER_FILTERS = {
    "RetryFilter": NovaRelease.STEIN,
    "AvailabilityZoneFilter": NovaRelease.WALLABY,
}
"""Those that it had before them, each with the last release that did."""

Facts = Mapping[HostFact, str]
"""What is known of a host; empty where none has been looked at."""


@dataclass(frozen=True)
class Setting:
    """An option of a configuration file, or an argument of the kernel."""

    name: str
    value: str
    known: bool
    """Whether the value is one to use; an example otherwise."""
    remarks: tuple[str, ...]
    """Who reads it, who needs it, and why."""

    @property
    def argument(self) -> str:
        """As on the kernel's command line."""
        return f"{self.name}={self.value}"


@dataclass(frozen=True)
class Section:
    """A section of a configuration file."""

    name: str
    settings: tuple[Setting, ...]


def sections(plan: CloudPlan, file: str, facts: Facts) -> list[Section]:
    """What a configuration file must have, section by section."""
    found: dict[str, list[Setting]] = {}
    for owned, what in plan.of_kind(ConfigOption):
        if what.file == file:
            found.setdefault(what.section, []).append(_option(owned, what, facts))
    filters = plan.of_kind(SchedulerFilter) if file == "nova.conf" else []
    if filters:
        found.setdefault("filter_scheduler", []).append(_enabled_filters(plan.release, filters))
    return [Section(name, tuple(settings)) for name, settings in found.items()]


def kernel_arguments(plan: CloudPlan, facts: Facts) -> list[Setting]:
    """What the kernels of compute hosts must be started with."""
    return [
        Setting(
            name=what.name,
            value=f"{what.prefix}{_value(what, facts)}",
            known=_known(what, facts),
            remarks=(*why(owned), *_hint(what, facts)),
        )
        for owned, what in plan.of_kind(KernelArgument)
    ]


STRESS = {
    Necessity.REQUIRED: "Required",
    Necessity.ADVISED: "Advised",
    Necessity.CONSISTENT: "Needed where it is set at all,",
}


def why(owned: OwnedNeed) -> tuple[str, ...]:
    """Who needs it, where, and what it does."""
    need = owned.need
    releases = f", {need.releases}" if need.releases else ""
    hosts = (f"Only on hosts {need.hosts}.",) if need.hosts else ()
    owners = enumeration(owned.owners, "and")
    consequence = isinstance(need.what, Consequence)
    stress = "Of" if consequence else f"{STRESS[need.necessity]} by"
    return (f"{stress} {owners}{releases}.", *hosts, need.reason)


def _option(owned: OwnedNeed, what: ConfigOption, facts: Facts) -> Setting:
    program = what.file.removesuffix(".conf")
    readers = enumeration((f"{program}-{service}" for service in what.services), "and")
    return Setting(
        name=what.option,
        value=_value(what, facts),
        known=_known(what, facts),
        remarks=(f"Read by {readers}.", *why(owned), *_hint(what, facts)),
    )


def _known(what: ConfigOption | KernelArgument, facts: Facts) -> bool:
    return what.per_host is None or what.per_host in facts


def _value(what: ConfigOption | KernelArgument, facts: Facts) -> str:
    own = None if what.per_host is None else facts.get(what.per_host)
    return one_line(what.value if own is None else own)


def _hint(what: ConfigOption | KernelArgument, facts: Facts) -> tuple[str, ...]:
    return () if _known(what, facts) else ("Each host has its own in place of this example.",)


def _enabled_filters(
    release: NovaRelease, wanted: Iterable[tuple[OwnedNeed, SchedulerFilter]]
) -> Setting:
    """The whole list: the option replaces Nova's own."""
    former = [name for name, last in FORMER_FILTERS.items() if release <= last]
    added = {what.name: owned for owned, what in wanted}
    return Setting(
        name="enabled_filters",
        value=",".join([*former, *FILTERS, *added]),
        known=True,
        remarks=(
            "Read by nova-scheduler: Nova's own list, and what is added to it.",
            *(f"{name}: {' '.join(why(owned))}" for name, owned in added.items()),
        ),
    )
