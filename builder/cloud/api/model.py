"""What Nova, Placement, Neutron and Cinder answer, as far as it is looked at. Pure.

Source: their API references.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

I = TypeVar("I")  # noqa: E741 - an item

Text = Annotated[str, Field(max_length=65536)]
_PAUSED = 3
"""``nova.compute.power_state.PAUSED``."""


def _in_utc(time: datetime) -> datetime:
    """Cinder's times have no zone."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)


class Answer(BaseModel):
    """A part of an answer; what else it has is left aside."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)


class Link(Answer):
    """Where a list goes on."""

    rel: Text
    href: Text


class Page(Answer, Generic[I]):
    """A part of a list, and where it goes on."""

    items: list[I]
    links: list[Link] = []

    @property
    def following(self) -> str:
        """The query that has the next page; empty on the last one."""
        return next((urlsplit(link.href).query for link in self.links if link.rel == "next"), "")


class Flavor(Answer):
    """A flavor. ``ram`` is in MiB, disks are in GiB; ``disk`` is 0 where the image decides."""

    id: Text
    name: Text
    vcpus: int
    ram: int
    disk: int
    ephemeral: int = Field(default=0, alias="OS-FLV-EXT-DATA:ephemeral")
    description: Text | None = None
    disabled: bool = Field(default=False, alias="OS-FLV-DISABLED:disabled")
    extra_specs: dict[str, str] | None = None
    """None where the role does not see them, or Nova is older than 2.61."""

    @property
    def specs(self) -> Mapping[str, str]:
        """Its extra specs, as far as they are seen."""
        return self.extra_specs or {}


class FlavorAnswer(Answer):
    """One flavor."""

    flavor: Flavor


class FlavorPage(Page[Flavor]):
    """A page of flavors."""

    items: list[Flavor] = Field(alias="flavors")
    links: list[Link] = Field(default=[], alias="flavors_links")


class ExtraSpecs(Answer):
    """The extra specs of one flavor."""

    extra_specs: dict[str, str]


class Aggregate(Answer):
    """A host aggregate."""

    id: int
    name: Text
    hosts: list[str] = []
    metadata: dict[str, str] = {}


class AggregateAnswer(Answer):
    """One aggregate."""

    aggregate: Aggregate


class AggregateList(Answer):
    """Every aggregate."""

    aggregates: list[Aggregate]


class ComputeService(Answer):
    """A service of Nova on a host."""

    host: Text
    state: Text
    status: Text


class ServiceList(Answer):
    """Services."""

    services: list[ComputeService]


class Absolute(Answer):
    """What the project may have and has; -1 is without a limit. Memory is in MiB."""

    instances: int = Field(alias="maxTotalInstances")
    instances_used: int = Field(alias="totalInstancesUsed")
    cores: int = Field(alias="maxTotalCores")
    cores_used: int = Field(alias="totalCoresUsed")
    ram: int = Field(alias="maxTotalRAMSize")
    ram_used: int = Field(alias="totalRAMUsed")


class Limits(Answer):
    """Limits of several kinds."""

    absolute: Absolute


class LimitsAnswer(Answer):
    """The project's limits."""

    limits: Limits


class ServerId(Answer):
    """One of a list of servers."""

    id: Text


class ServerList(Answer):
    """Servers."""

    servers: list[ServerId]


class Fault(Answer):
    """Why a server is in ERROR."""

    message: str | None = None


class Server(Answer):
    """A server."""

    id: Text
    name: Text
    status: Text
    fault: Fault | None = None
    created: AwareDatetime
    metadata: dict[str, str] = {}
    power_state: int | None = Field(default=None, alias="OS-EXT-STS:power_state")

    @property
    def is_paused(self) -> bool:
        """Whether its guest stands still. Of one that libvirt paused, the status stays ACTIVE."""
        return self.power_state == _PAUSED

    @property
    def reason(self) -> str:
        """Nova's words on its fault; empty without one."""
        return (self.fault.message or "") if self.fault else ""


class ServerAnswer(Answer):
    """One server."""

    server: Server


class ServerPage(Page[Server]):
    """A page of servers."""

    items: list[Server] = Field(alias="servers")
    links: list[Link] = Field(default=[], alias="servers_links")


class MadeServer(Answer):
    """What Nova says of a server that it is about to make."""

    server: ServerId


class Console(Answer):
    """The end of a server's console."""

    output: str | None


class Network(Answer):
    """A network."""

    id: Text
    name: Text
    external: bool = Field(default=False, alias="router:external")


class NetworkPage(Page[Network]):
    """A page of networks."""

    items: list[Network] = Field(alias="networks")
    links: list[Link] = Field(default=[], alias="networks_links")


class Volume(Answer):
    """A volume."""

    id: Text
    name: Text | None = None
    status: Text
    created: Annotated[datetime, AfterValidator(_in_utc)] = Field(alias="created_at")
    metadata: dict[str, str] = {}


class VolumeAnswer(Answer):
    """One volume."""

    volume: Volume


class VolumePage(Page[Volume]):
    """A page of volumes."""

    items: list[Volume] = Field(alias="volumes")
    links: list[Link] = Field(default=[], alias="volumes_links")


class Candidates(Answer):
    """Where there is room for resources."""

    provider_summaries: dict[str, Any]


class Provider(Answer):
    """A resource provider: a compute host, or a device below one."""

    uuid: Text
    name: Text


class ProviderList(Answer):
    """Resource providers that satisfy a question."""

    resource_providers: list[Provider]


class Inventory(Answer):
    """How much of a resource class a provider has."""

    total: int
    reserved: int = 0


class Inventories(Answer):
    """A provider's inventories, by resource class."""

    inventories: Mapping[str, Inventory]
