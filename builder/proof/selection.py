"""A part of a plan's checks, chosen by name. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from builder.errors import InputError
from builder.plan.boots import Boot
from builder.plan.model import Plan
from builder.proof.checks import Check
from builder.words import did_you_mean


def selected(plan: Plan, checks: Mapping[str, Check], names: Sequence[str]) -> Plan:
    """The plan with only the checks that are named, and only the boots that they need.

    A name is ``FEATURE/CHECK``, ``CHECK``, or ``FEATURE`` for all of its checks. A probe of a
    restarted guest brings the probe that restarts it. Raises ``InputError`` with every name that
    the plan does not have. No name at all chooses everything.
    """
    if not names:
        return plan
    planned = [one.id for one in (*plan.inspections, *plan.probes)]
    wanted = {one for name in names for one in planned if _means(name, one)}
    unknown = [name for name in names if not any(_means(name, one) for one in planned)]
    if unknown:
        words = {word for one in planned for word in (one, *one.split("/"))}
        raise InputError(
            f"Profile '{plan.profile}' has no such checks.",
            details=[f"No '{name}'. {did_you_mean(name, words)}".rstrip() for name in unknown],
            hint="'guest-image prove BUILD --list' lists them.",
        )
    boots = (
        replace(boot, probes=tuple(_needed(boot, checks, wanted)))
        for boot in plan.boots
        if not wanted.isdisjoint(boot.probes)
    )
    return replace(
        plan,
        inspections=tuple(one for one in plan.inspections if one.id in wanted),
        boots=tuple(boots),
    )


def _means(name: str, check: str) -> bool:
    return name == check or name in check.split("/")


def _needed(boot: Boot, checks: Mapping[str, Check], wanted: set[str]) -> Iterable[str]:
    after = any(checks[one].when == "restarted" for one in boot.probes if one in wanted)
    return (
        one for one in boot.probes if one in wanted or (after and checks[one].when == "restart")
    )
