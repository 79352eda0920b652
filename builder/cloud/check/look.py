"""Asks a cloud what it has for servers. Nothing is changed."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TypeVar
from urllib.parse import quote

from builder.cloud.api.client import CloudApi, Version
from builder.cloud.api.model import (
    AggregateList,
    ExtraSpecs,
    Flavor,
    FlavorPage,
    Inventories,
    LimitsAnswer,
    ProviderList,
    ServerList,
    ServiceList,
)
from builder.cloud.check.view import Placement, Unknown, View
from builder.errors import CloudError
from builder.publish.cloud.remedies import FORBIDDEN, UNAUTHORIZED

PROVIDERS_LIMIT = 100
"""Whose inventories are asked for one by one, where none has room."""

EXTRA_SPECS: Version = (2, 61)
"""From here on a list of flavors has their extra specs."""
_OLDEST: Version = (2, 1)
_TRAITS: Version = (1, 18)
"""From here on Placement finds providers by traits."""
_BAD_REQUEST = 400

CPUS = ("VCPU", "PCPU")
_OF_HOSTS = ("COMPUTE_", "HW_CPU_")
"""What traits of a compute host begin with; a graphics card's are below it."""

T = TypeVar("T")


def look(
    api: CloudApi,
    there: tuple[Flavor, ...],
    resources: Mapping[str, int],
    traits: Collection[str],
) -> View:
    """Everything that is judged. ``there`` are its flavors, the rest is what one server wants.

    What the role does not see is ``Unknown``. Raises ``CloudError`` where there is no login.
    """
    return View(
        cloud=api.cloud,
        newest=api.newest("compute"),
        flavors=there,
        aggregates=_or_unknown(
            lambda: tuple(api.get("compute", "/os-aggregates", AggregateList, _OLDEST).aggregates)
        ),
        computes=_or_unknown(
            lambda: tuple(
                api.get(
                    "compute", "/os-services?binary=nova-compute", ServiceList, _OLDEST
                ).services
            )
        ),
        limits=_or_unknown(
            lambda: api.get("compute", "/limits", LimitsAnswer, _OLDEST).limits.absolute
        ),
        soft_deleted=_or_unknown(lambda: _soft_deleted(api)),
        placement=_or_unknown(lambda: _placement(api, resources, traits)),
    )


def flavors(api: CloudApi) -> tuple[Flavor, ...]:
    """Every flavor that the project may use, and as an administrator every other one."""
    found = api.pages("compute", "/flavors/detail?is_public=None", FlavorPage, EXTRA_SPECS)
    if api.newest("compute") >= EXTRA_SPECS:
        return tuple(found)
    return tuple(_with_extra_specs(api, flavor) for flavor in found)


def _with_extra_specs(api: CloudApi, flavor: Flavor) -> Flavor:
    path = f"/flavors/{quote(flavor.id, safe='')}/os-extra_specs"
    answer = _or_unknown(lambda: api.get("compute", path, ExtraSpecs, _OLDEST))
    if isinstance(answer, Unknown):
        return flavor
    return flavor.model_copy(update={"extra_specs": answer.extra_specs})


def _soft_deleted(api: CloudApi) -> bool:
    """Of all projects: Nova lists them where ``soft_deleted`` asks for them, to administrators."""
    path = "/servers?status=SOFT_DELETED&soft_deleted=true&all_tenants=1&limit=1"
    return bool(api.get("compute", path, ServerList, _OLDEST).servers)


def _placement(api: CloudApi, resources: Mapping[str, int], traits: Collection[str]) -> Placement:
    room = {name: _providers(api, f"resources={name}:{n}") for name, n in resources.items()}
    lacking = {name for name, providers in room.items() if not providers}
    return Placement(
        room=room,
        total=_totals(api, lacking) if lacking else {},
        traits={name: _providers(api, f"required={name}") for name in sorted(traits)},
        together=_providers(api, "&".join(_of_host(resources, traits))),
    )


def _of_host(resources: Mapping[str, int], traits: Collection[str]) -> Iterator[str]:
    """A question for what Nova asks of a host itself, not of a device below it."""
    cpus = [f"{name}:{count}" for name, count in resources.items() if name in CPUS]
    yield f"resources={','.join(cpus)}"
    own = sorted(name for name in traits if name.startswith(_OF_HOSTS))
    if own:
        yield f"required={','.join(own)}"


def _providers(api: CloudApi, question: str) -> tuple[str, ...]:
    """Names of the providers that have it; none where Placement does not even know it."""
    path = f"/resource_providers?{quote(question, safe='=:,&')}"
    try:
        found = api.get("placement", path, ProviderList, _TRAITS).resource_providers
    except CloudError as error:
        if error.status == _BAD_REQUEST:
            return ()
        raise
    return tuple(sorted(provider.name for provider in found))


def _totals(api: CloudApi, names: Iterable[str]) -> dict[str, int]:
    every = api.get("placement", "/resource_providers", ProviderList, _TRAITS).resource_providers
    totals = dict.fromkeys(names, 0)
    for provider in every[:PROVIDERS_LIMIT]:
        path = f"/resource_providers/{quote(provider.uuid, safe='')}/inventories"
        has = api.get("placement", path, Inventories, _TRAITS).inventories
        for name in totals:
            if name in has:
                totals[name] += has[name].total - has[name].reserved
    return totals


def _or_unknown(ask: Callable[[], T]) -> T | Unknown:
    """The answer, or why there is none; without a login there is none to anything."""
    try:
        return ask()
    except CloudError as error:
        if error.status == UNAUTHORIZED:
            raise
        if error.status == FORBIDDEN:
            return Unknown("this role may not see it")
        return Unknown(" ".join((error.message, *error.details)))
