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
    planned = [check.id for check in (*plan.inspections, *plan.probes)]
    wanted = {check_id for name in names for check_id in planned if _means(name, check_id)}
    unknown = [name for name in names if not any(_means(name, check_id) for check_id in planned)]
    if unknown:
        words = {word for check_id in planned for word in (check_id, *check_id.split("/"))}
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
        inspections=tuple(check for check in plan.inspections if check.id in wanted),
        boots=tuple(boots),
    )


def _means(name: str, check: str) -> bool:
    return name == check or name in check.split("/")


def _needed(boot: Boot, checks: Mapping[str, Check], wanted: set[str]) -> Iterable[str]:
    after = any(
        checks[check_id].when == "restarted" for check_id in boot.probes if check_id in wanted
    )
    return (
        check_id
        for check_id in boot.probes
        if check_id in wanted or (after and checks[check_id].when == "restart")
    )
