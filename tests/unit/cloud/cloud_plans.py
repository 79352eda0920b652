"""Plans of a cloud's half that several tests look at."""

from functools import cache
from pathlib import Path
from typing import Any

from builder.cloud.plan.ability import ABILITIES
from builder.cloud.plan.plan import CloudPlan, cloud_plan
from builder.feature import Necessity, Need, NovaRelease
from builder.feature.needs import Needed
from builder.feature.nova_release import NEWEST
from builder.features.registry import shipped
from builder.plan.merge import make_plan
from builder.plan.model import Plan
from builder.profile.load import load

DEMANDING = Path(__file__).parents[2] / "golden" / "cloud" / "demanding.yaml"
"""A profile of almost every feature."""


@cache
def plan_of(profile: str) -> Plan:
    return make_plan(load(profile, shipped()), shipped())


def demanding(release: NovaRelease = NEWEST) -> CloudPlan:
    return cloud_plan(plan_of(str(DEMANDING)), release, ABILITIES.values())


def needed(what: Needed, necessity: Necessity = Necessity.REQUIRED, **fields: Any) -> Need:
    return Need(what=what, reason="It is so.", source="https://here", necessity=necessity, **fields)
