"""All that is asked of this host, for one profile or for any."""

import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from builder.doctor import clouds as each_cloud
from builder.doctor import machine, mirrors, software, times
from builder.doctor.ask import Question, ask_in_parallel
from builder.doctor.finding import Finding, State, only_for
from builder.plan.model import Plan
from builder.plan.of_profile import plan_of
from builder.profile.load import shipped_profiles

ANY = "base"
"""The profile whose needs every build has."""


def examine(profile: str | None, dist: Path, clouds: Sequence[str]) -> list[Finding]:
    """Everything that was found, in ten seconds at most. Raises ``InputError`` for the profile.

    Without a profile, what only some of the shipped profiles need is a warning where it lacks.
    """
    plan = plan_of(profile or ANY)
    others = [] if profile else [plan_of(name) for name in shipped_profiles() if name != ANY]
    return ask_in_parallel([*_questions(plan, others, profile, dist), *_of_clouds(plan, clouds)])


def _questions(
    plan: Plan, others: Sequence[Plan], profile: str | None, dist: Path
) -> Iterator[Question]:
    yield Question("rights", machine.rights)
    yield Question("accelerator", machine.acceleration)
    yield Question("memory", machine.memory)
    yield Question("space", lambda: machine.space(dist))
    yield Question("programs", lambda: software.installed(plan))
    yield Question("libguestfs", software.libguestfs)
    yield Question("hardware", lambda: software.hardware(plan))
    if others:
        yield Question("other profiles", lambda: of_others(plan, others))
    yield Question("mirrors", lambda: mirrors.reached(plan, os.environ))
    yield Question("expected time", lambda: times.expected(dist, profile and plan.profile))


def _of_clouds(plan: Plan, clouds: Sequence[str]) -> Iterator[Question]:
    for name in dict.fromkeys(clouds):
        yield Question(f"cloud: {name}", partial(_of_cloud, name, plan))


def _of_cloud(name: str, plan: Plan) -> Iterator[Finding]:
    return each_cloud.reached(name, plan.publish.visibility)


def of_others(plan: Plan, others: Sequence[Plan]) -> Iterator[Finding]:
    """What they need besides, and this host lacks: each once, with the first that needs it."""
    told = {(found.subject, found.seen) for found in _lacks(plan)}
    for other in others:
        for found in _lacks(other):
            if (found.subject, found.seen) not in told:
                told.add((found.subject, found.seen))
                yield only_for(other.profile, found)


def _lacks(plan: Plan) -> list[Finding]:
    found = [*software.installed(plan), *software.hardware(plan)]
    return [finding for finding in found if finding.state is State.LACKING]
