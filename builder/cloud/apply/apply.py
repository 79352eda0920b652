"""Makes the flavor and aggregate that a profile's images need, or corrects or removes them."""

from dataclasses import dataclass
from urllib.parse import quote

from builder.cloud.api.client import CloudApi, Version
from builder.cloud.api.model import (
    Aggregate,
    AggregateAnswer,
    AggregateList,
    ExtraSpecs,
    Flavor,
    FlavorAnswer,
)
from builder.cloud.api.release import release_of
from builder.cloud.apply.change import AggregateChange, Change, FlavorChange, changes, removals
from builder.cloud.apply.desired_state import MadeFlavor, made_aggregate, made_flavor
from builder.cloud.check.fit import Wanted, wanted
from builder.cloud.check.look import flavors
from builder.cloud.plan.plan import FlavorSize, cloud_plan
from builder.errors import CloudError
from builder.feature.nova_release import NovaRelease
from builder.plan.model import Plan
from builder.terminal.progress import Progress

_DESCRIBED: Version = (2, 55)
"""From here on a flavor has a description."""
_OLDEST: Version = (2, 1)


@dataclass(frozen=True, kw_only=True)
class ApplyOptions:
    """What is to be made, and how. None stands for what follows from the profile and the cloud."""

    flavor: str | None = None
    """Its name; that of the aggregate likewise."""
    aggregate: str | None = None
    vcpus: int | None = None
    memory: int | None = None
    """MiB of the flavor."""
    disk: int | None = None
    """GiB of the flavor."""
    hosts: tuple[str, ...] = ()
    """Of the aggregate, where one is needed."""
    release: NovaRelease | None = None
    remove: bool = False
    dry_run: bool = False


def apply(plan: Plan, api: CloudApi, options: ApplyOptions, progress: Progress) -> list[Change]:
    """Make a cloud have what a plan's images need, or have it no more.

    Returns what was changed, or would be in a dry run. Raises ``CloudError``; what was done until
    then stays, and the same command goes on from there.
    """
    progress.phase(f"{api}: comparing")
    wish = wanted(plan, cloud_plan(plan, options.release or release_of(api.newest("compute"))))
    found = _differing(api, wish, options)
    if options.dry_run:
        return found
    for change in found:
        progress.event(f"{api}: {change.lines[0]}")
        if isinstance(change, FlavorChange):
            _change_flavor(api, change)
        else:
            _change_aggregate(api, change)
    if found and (left := _differing(api, wish, options)):
        raise CloudError(
            f"Cloud '{api}' is not as it was to be after all changes were accepted.",
            details=[line for change in left for line in change.lines],
            hint="Somebody else may have changed it meanwhile: run the same command again.",
        )
    return found


def _differing(api: CloudApi, wish: Wanted, options: ApplyOptions) -> list[Change]:
    profile = wish.plan.profile
    there = flavors(api)
    if options.remove:
        return removals(there, _aggregates(api), profile)
    flavor = made_flavor(wish, options.flavor or profile, _size(wish.plan.size, options))
    aggregate = made_aggregate(wish, options.aggregate or profile, options.hosts)
    return changes(there, _aggregates(api) if aggregate else (), flavor, aggregate)


def _size(planned: FlavorSize, options: ApplyOptions) -> FlavorSize:
    return FlavorSize(
        vcpus=options.vcpus or planned.vcpus,
        ram=options.memory or planned.ram,
        disk=planned.disk if options.disk is None else options.disk,
    )


def _aggregates(api: CloudApi) -> list[Aggregate]:
    return api.get("compute", "/os-aggregates", AggregateList, _OLDEST).aggregates


def _change_flavor(api: CloudApi, change: FlavorChange) -> None:
    old, new = change.old, change.new
    if old is not None and change.replaced:
        api.delete(f"/flavors/{quote(old.id, safe='')}", _OLDEST)
    if new is None:
        return
    flavor = _made(api, new) if change.replaced else old
    assert flavor is not None
    path = f"/flavors/{quote(flavor.id, safe='')}/os-extra_specs"
    for name in change.remove:
        api.delete(f"{path}/{quote(name, safe='')}", _OLDEST)
    if change.set:
        api.change(path, {"extra_specs": dict(change.set)}, ExtraSpecs, _OLDEST)


def _made(api: CloudApi, new: MadeFlavor) -> Flavor:
    body = {
        "flavor": {
            "name": new.name,
            "description": new.description,
            "vcpus": new.size.vcpus,
            "ram": new.size.ram,
            "disk": new.size.disk,
        }
    }
    return api.change("/flavors", body, FlavorAnswer, _DESCRIBED).flavor


def _change_aggregate(api: CloudApi, change: AggregateChange) -> None:
    old, new = change.old, change.new
    if new is None:
        assert old is not None
        for host in old.hosts:
            _act(api, old.id, {"remove_host": {"host": host}})
        api.delete(f"/os-aggregates/{old.id}", _OLDEST)
        return
    if old is None:
        body = {"aggregate": {"name": new.name}}
        old = api.change("/os-aggregates", body, AggregateAnswer, _OLDEST).aggregate
    if change.set:
        _act(api, old.id, {"set_metadata": {"metadata": dict(change.set)}})
    for host in change.add:
        _act(api, old.id, {"add_host": {"host": host}})


def _act(api: CloudApi, aggregate: int, body: dict[str, object]) -> None:
    api.change(f"/os-aggregates/{aggregate}/action", body, AggregateAnswer, _OLDEST)
