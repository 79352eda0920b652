"""What of an image's way is done, by its latest build: no record of a fleet's own can be wrong.

What the manifest does not tell (the archive, what a cloud has by now) is asked when a step is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from builder.build.elements import elements_paths
from builder.build.reuse import REUSE_LIMIT, digest_of, ingredients
from builder.compare.change import changes
from builder.errors import InputError
from builder.feature import Outcome
from builder.features.registry import installed
from builder.fleet.graph import Kind, Step
from builder.fleet.model import Image
from builder.plan.model import Plan
from builder.store import manifest
from builder.store.build_directory import LATEST
from builder.store.manifest import Manifest
from builder.store.verdict import verdict_of
from builder.words import age, counted, enumeration


class Standing(StrEnum):
    """How a step stands before it is begun."""

    DONE = "done"
    DUE = "due"
    ASKED = "to be asked"
    """Done as far as the manifest tells; the archive or a cloud is asked whether it still is."""
    WAITS = "waits"
    """It will be due when what it needs is done."""


_UNDONE = {Standing.DUE, Standing.WAITS}
_TOLD = 3
_BAD = {Outcome.FAILED, Outcome.ERROR}


@dataclass(frozen=True)
class State:
    """How a step stands, and why."""

    standing: Standing
    reason: str
    asks: str = ""
    """Who is asked whether it is still done."""

    def __str__(self) -> str:
        return f"{self.reason}; the {self.asks} is asked" if self.asks else self.reason


def states(image: Image, steps: Sequence[Step], dist: Path, *, now: datetime) -> dict[str, State]:
    """How each step of an image stands, by its id, from what lies below ``dist``."""
    build = latest(image.name, dist)
    found: dict[str, State] = {}
    for step in steps:
        undone = [need for need in step.needs if found[need].standing in _UNDONE]
        if undone:
            titles = enumeration((need.partition("/")[2] for need in undone), "and")
            found[step.id] = State(Standing.WAITS, f"for {titles}")
        else:
            found[step.id] = state_of(step, image.plan, build, now=now)
    return found


@dataclass(frozen=True)
class Latest:
    """An image's latest build."""

    directory: Path
    manifest: Manifest


def latest(image: str, dist: Path) -> Latest | None:
    """The latest build of an image; None where there is none that can be read."""
    try:
        directory = (dist / image / LATEST).resolve()
        return Latest(directory, manifest.read(directory))
    except InputError:
        return None


def state_of(step: Step, plan: Plan, build: Latest | None, *, now: datetime) -> State:
    """How a step stands whose needs are done."""
    if build is None:
        return State(Standing.DUE, "never built")
    match step.kind:
        case Kind.BUILD:
            return _of_build(plan, build, now)
        case Kind.PROOF:
            return _of_proof(build.manifest)
        case Kind.CLOUD_PROOF:
            return _of_cloud_proof(build.manifest, step.cloud)
        case Kind.STAGING | Kind.PRODUCTION:
            return _of_publication(build.manifest, step.cloud)


def _of_build(plan: Plan, build: Latest, now: datetime) -> State:
    present = build.manifest
    parts = ingredients(plan, *elements_paths(plan, installed()))
    if digest_of(plan, parts) != present.inputs:
        changed = [change.name for change in changes(present.ingredients, parts)] or ["profile"]
        return State(Standing.DUE, f"made of another {_some(changed)}")
    file = build.directory / present.image.name
    if not file.is_file() or file.stat().st_size != present.image.size:
        return State(Standing.DUE, f"{present.build} has no longer its {present.image.name}")
    old = now - present.created
    if not timedelta() <= old <= REUSE_LIMIT:
        told = f"{age(old)} old" if old >= timedelta() else "from the future"
        return State(Standing.ASKED, f"{present.build} is {told}", "archive")
    return State(Standing.DONE, present.build)


def _of_proof(build: Manifest) -> State:
    verdict = verdict_of(build)
    if verdict.complete:
        return State(Standing.DONE, f"{counted(len(build.valid_evidence()), 'check')} passed")
    told = []
    if verdict.problems:
        told.append(f"{counted(len(verdict.problems), 'check')} did not pass")
    if verdict.missing:
        told.append(f"{counted(len(verdict.missing), 'check')} not made")
    return State(Standing.DUE, ", ".join(told) or "a cloud has refuted a claim")


def _of_publication(build: Manifest, cloud: str) -> State:
    records = [record for record in build.published if record.cloud == cloud]
    if not records:
        return State(Standing.DUE, "not published")
    return State(Standing.ASKED, f"published as {records[-1].image}", "cloud")


def _of_cloud_proof(build: Manifest, cloud: str) -> State:
    seen = [result for result in build.valid_observations() if result.cloud == cloud]
    if not any(result.shown for result in seen):
        return State(Standing.DUE, "not observed")
    bad = [result.check for result in seen if result.outcome in _BAD]
    if bad:
        return State(Standing.DUE, f"{_some(bad)} did not pass")
    return State(Standing.DONE, f"{counted(len(seen), 'observation')}")


def _some(names: Sequence[str]) -> str:
    """The first of many names, and how many more there are."""
    more = len(names) - _TOLD
    return enumeration([*names[:_TOLD], *([f"{more} more"] if more > 0 else [])], "and")
