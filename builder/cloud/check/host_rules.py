"""Judges what compute hosts and their configuration must have, as far as it shows. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from builder.cloud.check.judgement import CLOUD, Line, Verdict, names
from builder.cloud.check.traits import Trait
from builder.cloud.check.view import Unknown, View
from builder.cloud.plan.plan import OwnedNeed
from builder.feature.needs import (
    AggregateMetadata,
    ConfigOption,
    Consequence,
    ExtraSpec,
    FlavorVcpus,
    HostFact,
    Necessity,
    ProviderTrait,
)

_SHOWN_RESOURCES = (HostFact.DEDICATED_CPUS, HostFact.MDEV_TYPES)
"""Options of a host that show: as inventories of PCPU and VGPU in Placement."""
_ROOM = "Take a host more, or delete servers."
_RESOURCE_REMEDIES = {
    "PCPU": "Set cpu_dedicated_set on a compute host (guest-image cloud plan has the fragment), or"
    " delete pinned servers.",
    "VGPU": "Set enabled_mdev_types on a host with such a card, or delete servers that have one.",
}


def placement_lines(
    view: View, resources: Mapping[str, int], asked: Sequence[Trait]
) -> Iterator[Line]:
    """What Placement has of what one server takes, and whether one host has all of it."""
    lines = [*_resources(view, resources), *_traits(view, asked)]
    yield from lines
    if isinstance(view.placement, Unknown) or len(lines) == 1:
        return
    if all(judged.verdict is Verdict.RIGHT for judged in lines):
        subject, hosts = "all of that on one host", view.placement.together
        if hosts:
            yield Line(CLOUD, subject, Verdict.RIGHT, names(hosts))
        else:
            remedy = "Set one host up for all of it: guest-image cloud plan has its fragments."
            yield Line(CLOUD, subject, Verdict.WRONG, "no host has all of it", remedy)


def _resources(view: View, resources: Mapping[str, int]) -> Iterator[Line]:
    for name, count in resources.items():
        subject = f"{count} {name} on one host"
        if isinstance(view.placement, Unknown):
            yield Line(CLOUD, subject, Verdict.UNKNOWABLE, view.placement.reason)
        elif providers := view.placement.room.get(name, ()):
            yield Line(CLOUD, subject, Verdict.RIGHT, f"free on {names(providers)}")
        else:
            total = view.placement.total.get(name, 0)
            seen = f"none has as many free; all together have {total}" if total else "none has any"
            yield Line(CLOUD, subject, Verdict.WRONG, seen, _RESOURCE_REMEDIES.get(name, _ROOM))


def _traits(view: View, asked: Sequence[Trait]) -> Iterator[Line]:
    for trait in asked:
        if isinstance(view.placement, Unknown):
            reason = view.placement.reason
            yield Line(trait.asked_by, trait.name, Verdict.UNKNOWABLE, reason)
        elif providers := view.placement.traits.get(trait.name, ()):
            yield Line(trait.asked_by, trait.name, Verdict.RIGHT, f"of {names(providers)}")
        else:
            yield Line(
                trait.asked_by,
                trait.name,
                Verdict.WRONG,
                "no resource provider has this trait: no compute host can do it",
                "Nova sets COMPUTE_* and HW_* itself where QEMU, libvirt and the host can; others"
                " are set with openstack resource provider trait set.",
            )


def need_lines(view: View, owned: OwnedNeed) -> Iterator[Line]:
    """A need that neither a flavor nor Placement shows, if it is one."""
    what, required = owned.need.what, owned.need.necessity is Necessity.REQUIRED
    owner = ", ".join(owned.owners)
    match what:
        case ExtraSpec() | FlavorVcpus() | ProviderTrait() | Consequence():
            return
        case AggregateMetadata():
            yield _aggregate(view, owner, what, required=required)
        case ConfigOption(per_host=HostFact() as fact) if fact in _SHOWN_RESOURCES:
            return  # its inventory tells
        case _:
            place = f" in {what.file}" if isinstance(what, ConfigOption) else ""
            yield Line(
                owner,
                f"{what}{place}",
                Verdict.UNKNOWABLE,
                "no API shows it",
                owned.need.reason,
                required,
            )


def _aggregate(view: View, owner: str, what: AggregateMetadata, *, required: bool) -> Line:
    subject = f"an aggregate with {what}"
    if isinstance(view.aggregates, Unknown):
        reason = view.aggregates.reason
        return Line(owner, subject, Verdict.UNKNOWABLE, reason, required=required)
    having = [
        aggregate for aggregate in view.aggregates if aggregate.metadata.get(what.key) == what.value
    ]
    if not having:
        seen = "there is none"
    else:
        called = names([aggregate.name for aggregate in having])
        if hosts := sorted({host for aggregate in having for host in aggregate.hosts}):
            seen = f"{called} of {names(hosts)}"
            return Line(owner, subject, Verdict.RIGHT, seen, required=required)
        seen = f"{called} has no hosts"
    remedy = "Set the metadata, and add the hosts: guest-image cloud apply."
    return Line(owner, subject, Verdict.WRONG, seen, remedy, required)
