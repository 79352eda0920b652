"""What a feature needs of the cloud: an image is half of it, and this is the other half, as data.

Each need says what must be where, in which releases of Nova, and why. Whoever prints, checks or
makes it goes through these kinds and knows no feature by its name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from builder.feature.nova_release import NovaRelease

NOVA_DOCS = "https://docs.openstack.org/nova/latest"
"""Below it are the pages that needs name as their source."""

Service = Literal["api", "scheduler", "compute", "volume"]
"""The services of Nova that read an option, and Cinder's; each has a file of its own."""


class HostFact(StrEnum):
    """What differs from host to host, so that no feature can know it."""

    HOST_CPUS = "host-cpus"
    """The CPUs that no guest gets."""
    DEDICATED_CPUS = "dedicated-cpus"
    """The CPUs that pinned guests get, as Nova writes sets of them: ``4-19,24-39``."""
    SHARED_CPUS = "shared-cpus"
    """Those on which other guests float, and the emulator threads of pinned ones."""
    HOST_MEMORY = "host-memory"
    """MiB that no guest gets."""
    MDEV_TYPES = "mdev-types"
    """The types of mediated devices that the host's graphics processors are cut into."""


@dataclass(frozen=True)
class ExtraSpec:
    """An extra spec of the flavor."""

    name: str
    value: str
    at_least: bool = False
    """Whether it is a limit: a greater number serves as well."""
    kind: Literal["extra-spec"] = "extra-spec"

    def __str__(self) -> str:
        """As Nova's documentation writes it."""
        return f"{self.name}={self.value}" + (" or more" if self.at_least else "")


@dataclass(frozen=True)
class FlavorVcpus:
    """The number of the flavor's vCPUs."""

    count: int
    at_least: bool = False
    kind: Literal["flavor-vcpus"] = "flavor-vcpus"

    def __str__(self) -> str:
        """Like an extra spec."""
        return f"vcpus={self.count}" + (" or more" if self.at_least else "")


@dataclass(frozen=True)
class AggregateMetadata:
    """Metadata of an aggregate that the hosts are in."""

    key: str
    value: str
    kind: Literal["aggregate-metadata"] = "aggregate-metadata"

    def __str__(self) -> str:
        """As the command line writes it."""
        return f"{self.key}={self.value}"


@dataclass(frozen=True)
class SchedulerFilter:
    """A filter among the scheduler's ``enabled_filters``."""

    name: str
    kind: Literal["scheduler-filter"] = "scheduler-filter"

    def __str__(self) -> str:
        """Its name."""
        return self.name


@dataclass(frozen=True)
class ConfigOption:
    """An option of a service's configuration file."""

    section: str
    option: str
    value: str
    """What it must be; an example where the host decides."""
    services: tuple[Service, ...] = ("compute",)
    per_host: HostFact | None = None
    """Which fact of a host it must be."""
    file: Literal["nova.conf", "cinder.conf"] = "nova.conf"
    kind: Literal["config-option"] = "config-option"

    def __str__(self) -> str:
        """In one line."""
        setting = self.option if self.per_host else f"{self.option} = {self.value}"
        return f"[{self.section}] {setting}"


@dataclass(frozen=True)
class KernelArgument:
    """An argument of the compute host's kernel."""

    name: str
    value: str
    """What it must be; an example where the host decides."""
    per_host: HostFact | None = None
    """Which fact of a host it must be."""
    prefix: str = ""
    """What stands before the value, whoever decides that."""
    kind: Literal["kernel-argument"] = "kernel-argument"

    def __str__(self) -> str:
        """As on the kernel's command line."""
        return self.name if self.per_host else f"{self.name}={self.prefix}{self.value}"


@dataclass(frozen=True)
class ModuleOption:
    """An option of a kernel module of the compute host, in modprobe.d."""

    module: str
    option: str
    value: str
    kind: Literal["module-option"] = "module-option"

    def __str__(self) -> str:
        """As modprobe.d has it, without its keyword."""
        return f"{self.module} {self.option}={self.value}"


@dataclass(frozen=True)
class ProviderTrait:
    """A trait of the compute host's resource provider, or of one below it, in Placement."""

    name: str
    by_nova: bool
    """Whether Nova sets it itself where the host has what it stands for."""
    kind: Literal["provider-trait"] = "provider-trait"

    def __str__(self) -> str:
        """Its name."""
        return self.name


@dataclass(frozen=True)
class Setup:
    """Software, firmware or a service that must be there: a sentence without its stop."""

    text: str
    kind: Literal["setup"] = "setup"

    def __str__(self) -> str:
        """The sentence."""
        return self.text


@dataclass(frozen=True)
class Consequence:
    """Nothing to set: what follows for whoever runs the cloud. A sentence without its stop."""

    text: str
    kind: Literal["consequence"] = "consequence"

    def __str__(self) -> str:
        """The sentence."""
        return self.text


Needed = Annotated[
    ExtraSpec
    | FlavorVcpus
    | AggregateMetadata
    | SchedulerFilter
    | ConfigOption
    | KernelArgument
    | ModuleOption
    | ProviderTrait
    | Setup
    | Consequence,
    Field(discriminator="kind"),
]


class Necessity(StrEnum):
    """What happens without it."""

    REQUIRED = "required"
    """The image does not get what it claims."""
    CONSISTENT = "consistent"
    """Nothing, but where something is set it must be this."""
    ADVISED = "advised"
    """The image gets what it claims, and less of what that is good for."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """One thing that a feature needs of the cloud."""

    what: Needed
    reason: str
    """What it does, and what goes wrong without it: sentences."""
    source: str
    """The page that says so."""
    necessity: Necessity = Necessity.REQUIRED
    """It says nothing of a consequence."""
    since: NovaRelease | None = None
    """The first release that wants it; None where all do."""
    until: NovaRelease | None = None
    """The last one."""
    hosts: str = ""
    """Which hosts it is for, where not for all: completes "on hosts"."""

    def applies_to(self, release: NovaRelease) -> bool:
        """Whether that release wants it."""
        since, until = self.since or min(NovaRelease), self.until or max(NovaRelease)
        return since <= release <= until

    @property
    def releases(self) -> str:
        """Which releases want it, in words; empty where all do."""
        since = f"since {self.since}" if self.since else ""
        until = f"until {self.until}" if self.until else ""
        return ", ".join(word for word in (since, until) if word)


def flavor_of(needs: Iterable[Need], release: NovaRelease) -> dict[str, str]:
    """What a flavor must have, and exactly so: extra specs, and ``vcpus``, sorted by name."""
    flavor = {}
    for need in needs:
        if need.necessity is Necessity.REQUIRED and need.applies_to(release):
            match need.what:
                case ExtraSpec(name=name, value=value, at_least=False):
                    flavor[name] = value
                case FlavorVcpus(count=count, at_least=False):
                    flavor["vcpus"] = str(count)
    return dict(sorted(flavor.items()))
