"""The plan of a profile, by the features that are installed here."""

from builder.features.registry import installed
from builder.plan.merge import make_plan
from builder.plan.model import Plan
from builder.profile.load import load


def plan_of(profile: str) -> Plan:
    """The plan of a shipped profile, or of a profile file. Raises ``InputError``."""
    registry = installed()
    return make_plan(load(profile, registry), registry)
