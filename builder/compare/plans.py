"""What differs between two plans: what the profile asks for, and what that comes to."""

from collections.abc import Iterator, Mapping
from typing import Any

from builder.compare.change import Change, changes, changes_of_common
from builder.feature.machine import devices
from builder.feature.needs import Necessity, Need
from builder.plan.model import Plan, to_json

_DERIVED = ("digest", "argv", "claims", "inspections", "probes", "boots", "parameters", "needs")
"""What follows from the rest, or is told by another name."""

Json = Any


def plan_changes(old: Plan, new: Plan) -> tuple[Change[Json], ...]:
    """What differs between two plans, by the path of each key.

    Claims and checks are not among it, nor what follows from the rest.
    """
    return (
        *changes(_facts(old), _facts(new)),
        *changes_of_common(_machines(old), _machines(new)),
    )


def _facts(plan: Plan) -> dict[str, Json]:
    data = to_json(plan)
    facts = {
        **{key: value for key, value in data.items() if key not in _DERIVED},
        "features": list(plan.parameters),
        **{f"features.{name}": values for name, values in data["parameters"].items()},
        **{f"needs.{name}": [_text(need) for need in needs] for name, needs in plan.needs.items()},
        "boots": [boot.name for boot in plan.boots],
    }
    return dict(_flat(facts))


def _text(need: Need) -> str:
    """What is needed, how much, and of which clouds; why is the program's word, not the plan's."""
    necessity = "" if need.necessity is Necessity.REQUIRED else str(need.necessity)
    hosts = f"on hosts {need.hosts}" if need.hosts else ""
    notes = ", ".join(filter(None, (necessity, need.releases, hosts)))
    return f"{need.what} ({notes})" if notes else str(need.what)


def _machines(plan: Plan) -> dict[str, list[str]]:
    """The virtual hardware of each boot, part by part."""
    return {
        f"boots.{boot.name}": [text for device in devices() if (text := device.text(boot.machine))]
        for boot in plan.boots
    }


def _flat(data: Mapping[str, Json], path: str = "") -> Iterator[tuple[str, Json]]:
    for key, value in data.items():
        name = f"{path}{key}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        else:
            yield name, value
