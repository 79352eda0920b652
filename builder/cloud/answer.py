"""What Nova and Placement answer, as far as it is looked at. Pure.

Source: the API references of Nova and of Placement.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=65536)]


class Answer(BaseModel):
    """A part of an answer; what else it has is left aside."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)


class Flavor(Answer):
    """A flavor. ``ram`` is in MiB, ``disk`` in GiB, 0 where the image decides."""

    id: Text
    name: Text
    vcpus: int
    ram: int
    disk: int
    description: Text | None = None
    disabled: bool = Field(default=False, alias="OS-FLV-DISABLED:disabled")
    extra_specs: dict[str, str] | None = None
    """None where the role does not see them, or Nova is older than 2.61."""


class FlavorAnswer(Answer):
    """One flavor."""

    flavor: Flavor


class Link(Answer):
    """Where a list goes on."""

    rel: Text
    href: Text


class FlavorPage(Answer):
    """A page of flavors."""

    flavors: list[Flavor]
    flavors_links: list[Link] = []


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
