"""The plan of a profile, by the features that are installed here."""

from dataclasses import replace
from datetime import datetime

from builder.errors import InputError
from builder.features.registry import installed
from builder.plan.merge import make_plan
from builder.plan.model import Plan
from builder.profile.load import load
from builder.profile.snapshot import no_snapshot_reason


def plan_of(profile: str, at: datetime | None = None) -> Plan:
    """The plan of a shipped profile, or of a profile file; ``at`` takes its snapshot's place.

    Raises ``InputError``.
    """
    registry = installed()
    loaded = load(profile, registry)
    if at is None:
        return make_plan(loaded, registry)
    if reason := no_snapshot_reason(loaded.distribution):
        raise InputError(
            f"--at cannot be given for profile '{loaded.name}': {reason}",
            hint="Build it without, from the packages of today.",
        )
    return make_plan(replace(loaded, snapshot=at), registry)
