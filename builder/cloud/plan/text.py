"""A cloud plan as people read it, and as programs do."""

from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter

from builder.cloud.plan.plan import CloudPlan, OwnedNeed
from builder.cloud.plan.settings import why
from builder.feature import ConfigOption, KernelArgument, Necessity, Need
from builder.report.needs import NOTE, place
from builder.terminal.output import STRONG, Part, line, prose, section, table

HEADINGS = {
    "flavor": "flavor",
    "aggregate": "aggregate of the hosts",
    "scheduler": "the scheduler's enabled_filters",
    "nova.conf": "nova.conf",
    "cinder.conf": "cinder.conf",
    "kernel": "kernel arguments of the hosts",
    "modprobe.d": "modprobe.d of the hosts",
    "placement": "traits of the hosts",
    "host": "software and services",
    NOTE: "consequences",
}
"""Of each place, in the order in which they are shown."""

ORDER = (Necessity.REQUIRED, Necessity.ADVISED, Necessity.CONSISTENT)

_ADAPTER = TypeAdapter(Need)


def cloud_plan_text(plan: CloudPlan) -> list[Part]:
    """Place by place, each need with its reason."""
    parts: list[Part] = [line(f"{plan.profile} on Nova {plan.release}", STRONG)]
    for where, heading in HEADINGS.items():
        needs = [owned for owned in plan.needs if place(owned.need.what) == where]
        needs.sort(key=lambda owned: ORDER.index(owned.need.necessity))
        parts += section(heading, [part for owned in needs for part in _need(owned)])
    if not plan.needs:
        parts += section("", prose("It needs nothing of a cloud but the image's properties."))
    return parts


def _need(owned: OwnedNeed) -> list[Part]:
    return [line(f"  {told(owned.need)}"), *table([(" ".join(why(owned)),)], level=3)]


def told(need: Need) -> str:
    """What is needed, in a line; what each host has of its own is shown by an example."""
    what = need.what
    if isinstance(what, ConfigOption | KernelArgument) and what.per_host:
        return f"{what}: each host's own, such as {what.value}"
    return str(what)


def cloud_plan_json(plan: CloudPlan) -> dict[str, Any]:  # Any: JSON
    """The same for programs."""
    return {
        "profile": plan.profile,
        "nova": {"release": int(plan.release), "name": str(plan.release)},
        "flavor": {**asdict(plan.size), "extra_specs": dict(plan.extra_specs)},
        "needs": [
            {
                "owners": list(owned.owners),
                "place": place(owned.need.what),
                "text": told(owned.need),
                **_ADAPTER.dump_python(owned.need, mode="json"),
            }
            for owned in plan.needs
        ],
    }
