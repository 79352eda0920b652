"""Images for simulated fleets."""

from collections.abc import Sequence
from dataclasses import replace

from builder.features.registry import shipped
from builder.fleet.graph import Kind, steps
from builder.fleet.job import Job, jobs
from builder.fleet.model import Fleet, Image, Way
from builder.plan.merge import make_plan
from builder.profile.load import load

HERE = Way()


def jobs_of(
    count: int, ways: Sequence[Way] = (HERE,), *, kinds: Sequence[Kind] = tuple(Kind)
) -> list[Job]:
    """The jobs, of these kinds alone, of so many images, which take these ways in turn."""
    registry = shipped()
    profile = load("base", registry)
    plan = make_plan(profile, registry)
    images = tuple(
        Image(profile, replace(plan, profile=f"image-{number}"), ways[number % len(ways)])
        for number in range(count)
    )
    planned = [step for step in steps(images) if step.kind in kinds]
    return list(jobs(Fleet(images, {}), planned))
