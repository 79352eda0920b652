"""Judges what was seen of a cloud by what an image wants of it. Pure."""

from collections.abc import Iterable, Iterator

from builder.cloud.api.model import Flavor
from builder.cloud.check.fit import Fit, Wanted, fit
from builder.cloud.check.host_rules import need_lines, placement_lines
from builder.cloud.check.judgement import CLOUD, Judgement, Line, Verdict, names
from builder.cloud.check.traits import Trait, traits
from builder.cloud.check.view import Unknown, View
from builder.feature.needs import ProviderTrait
from builder.feature.nova_release import NovaRelease
from builder.nova.topology import number
from builder.words import counted, enumeration


def fits_of(wanted: Wanted, flavors: Iterable[Flavor]) -> tuple[Fit, ...]:
    """Every flavor that may be used, judged."""
    return tuple(fit(wanted, flavor) for flavor in flavors if not flavor.disabled)


def questions(wanted: Wanted, fits: Iterable[Fit]) -> tuple[dict[str, int], list[Trait]]:
    """What Placement is asked: how much of which resources one server takes, and its traits.

    A server of the smallest flavor that fits, or where none does, of as few vCPUs as can be.
    """
    release, flavor = wanted.plan.release, wanted.specs
    vcpus = min(
        (candidate.flavor.vcpus for candidate in fits if candidate.good), default=wanted.vcpus
    )
    pinned = release >= NovaRelease.TRAIN and flavor.get("hw:cpu_policy") == "dedicated"
    emulator = int(flavor.get("hw:emulator_threads_policy") == "isolate")
    resources = {"PCPU": vcpus + emulator} if pinned else {"VCPU": vcpus}
    for name, value in flavor.items():
        kind, _, resource = name.partition(":")
        if kind == "resources" and number(value):
            resources[resource] = number(value)
    asked = [trait for trait in traits(wanted.properties, flavor) if trait.since <= release]
    asked_names = {trait.name for trait in asked}
    asked += [
        Trait(owned.need.what.name, ", ".join(owned.owners))
        for owned in wanted.plan.needs
        if isinstance(owned.need.what, ProviderTrait) and owned.need.what.name not in asked_names
    ]
    return resources, asked


def judge(wanted: Wanted, view: View) -> Judgement:
    """Every line, in the order in which it is read."""
    release = wanted.plan.release
    fits = fits_of(wanted, view.flavors)
    resources, asked = questions(wanted, fits)
    lines = [
        _nova(view, release),
        _flavor(wanted, view, fits),
        *_quota(view, fits),
        _hosts(view),
        *placement_lines(view, resources, asked),
        *(line for owned in wanted.plan.needs for line in need_lines(view, owned)),
        _soft_delete(view),
    ]
    return Judgement(view.cloud, release, tuple(lines), fits)


def _nova(view: View, release: NovaRelease) -> Line:
    major, minor = view.newest
    seen = f"microversions up to {major}.{minor}, as those of {release}"
    return Line(CLOUD, "Nova's release", Verdict.RIGHT, seen)


def _flavor(wanted: Wanted, view: View, fits: tuple[Fit, ...]) -> Line:
    apply = f"guest-image cloud apply {wanted.plan.profile} --cloud {view.cloud}"
    good = [candidate.flavor.name for candidate in fits if candidate.known and candidate.good]
    if good:
        return Line(CLOUD, "a flavor", Verdict.RIGHT, names(good))
    hidden = [candidate.flavor.name for candidate in fits if not candidate.known and candidate.good]
    if hidden:
        return Line(
            CLOUD,
            "a flavor",
            Verdict.UNKNOWABLE,
            f"this role does not see extra specs of {names(hidden)}",
            "Ask with credentials that see them (policy os-flavor-extra-specs:index).",
        )
    if not fits:
        return Line(CLOUD, "a flavor", Verdict.WRONG, "the cloud has none", f"Run: {apply}")
    nearest = min(fits, key=lambda candidate: len(candidate.reasons))
    seen = f"none of {len(fits)} fits; {nearest.flavor.name} {enumeration(nearest.reasons, 'and')}"
    return Line(CLOUD, "a flavor", Verdict.WRONG, seen, f"Run as an administrator: {apply}")


def _quota(view: View, fits: tuple[Fit, ...]) -> Iterator[Line]:
    """Room for one server of the smallest flavor that fits."""
    good = [candidate.flavor for candidate in fits if candidate.good]
    if not good:
        return
    if isinstance(view.limits, Unknown):
        yield Line(CLOUD, "quota", Verdict.UNKNOWABLE, view.limits.reason)
        return
    has, flavor = view.limits, min(good, key=lambda candidate: (candidate.vcpus, candidate.ram))
    rooms = (
        ("instances", has.instances, has.instances_used, 1),
        ("vCPUs", has.cores, has.cores_used, flavor.vcpus),
        ("MiB of memory", has.ram, has.ram_used, flavor.ram),
    )
    short = [
        f"{what}: {max(limit - used, 0)} left, {flavor.name} takes {wanted}"
        for what, limit, used, wanted in rooms
        if 0 <= limit < used + wanted
    ]
    if short:
        remedy = "Delete servers, or have the project's quota raised."
        yield Line(CLOUD, "quota", Verdict.WRONG, "; ".join(short), remedy)
    else:
        yield Line(CLOUD, "quota", Verdict.RIGHT, f"has room for a server of {flavor.name}")


def _hosts(view: View) -> Line:
    if isinstance(view.computes, Unknown):
        return Line(CLOUD, "compute hosts", Verdict.UNKNOWABLE, view.computes.reason)
    working = [
        service.host
        for service in view.computes
        if (service.state, service.status) == ("up", "enabled")
    ]
    if working:
        return Line(CLOUD, "compute hosts", Verdict.RIGHT, f"{names(working)} up and enabled")
    seen = f"none of {counted(len(view.computes), 'nova-compute')} is up and enabled"
    remedy = "See openstack compute service list, and the log of nova-compute."
    return Line(CLOUD, "compute hosts", Verdict.WRONG, seen, remedy)


def _soft_delete(view: View) -> Line:
    """A feature of the cloud that no image has, and that shows only by a deleted server."""
    subject, option = "soft delete", "reclaim_instance_interval"
    if view.soft_deleted is True:
        seen = "there is a server that can be restored"
        return Line(CLOUD, subject, Verdict.RIGHT, seen, required=False)
    seen = view.soft_deleted.reason if isinstance(view.soft_deleted, Unknown) else (
        "no deleted server waits to be reclaimed, and no API shows the option"
    )  # fmt: skip
    remedy = f"Set {option} above 0 for every nova-api and nova-compute; delete a server, and look."
    return Line(CLOUD, subject, Verdict.UNKNOWABLE, seen, remedy, required=False)
