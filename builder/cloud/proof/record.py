"""What a server has shown becomes evidence in the build's manifest and report."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from builder.cloud.observation.observation import Observation
from builder.cloud.observation.registry import OBSERVATIONS
from builder.cloud.observation.sight import Sight
from builder.errors import CloudError
from builder.feature import CheckFailed, CheckSkipped, Outcome
from builder.plan.model import Plan
from builder.proof.checks import SEEN_LIMIT
from builder.report.update import update
from builder.store.manifest import Manifest
from builder.store.sections import Observed
from builder.words import printable_lines


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a server was observed, and which image it was made of."""

    cloud: str
    endpoint: str
    image: str
    image_sha256: str
    at: datetime


def observed(sight: Sight, plan: Plan, place: Place) -> list[Observed]:
    """Judge what was seen, by every observation that says anything of this image.

    A property that the cloud's image has with another value than the plan is no claim of the plan.
    """
    claimed = {
        claim.property
        for claim in plan.claims
        if sight.properties.get(claim.property) == claim.value
    }
    return [
        _judged(observation, sight, claimed, place)
        for observation in OBSERVATIONS
        if observation.applies(sight.properties)
    ]


def _judged(observation: Observation, sight: Sight, claimed: set[str], place: Place) -> Observed:
    try:
        outcome, seen = Outcome.PASSED, observation.function(sight)
    except CheckFailed as failure:
        outcome, seen = Outcome.FAILED, str(failure)
    except CheckSkipped as skip:
        outcome, seen = Outcome.SKIPPED, str(skip)
    except CloudError as error:
        outcome, seen = Outcome.ERROR, str(error)
    return Observed(
        check=observation.name,
        title=observation.title,
        properties=tuple(name for name in observation.properties if name in claimed),
        refutes=observation.refutes,
        outcome=outcome,
        seen=printable_lines(seen)[:SEEN_LIMIT],
        cloud=place.cloud,
        endpoint=place.endpoint,
        image=place.image,
        flavor=sight.flavor.name,
        image_sha256=place.image_sha256,
        at=place.at,
    )


def record(directory: Path, results: list[Observed]) -> Manifest:
    """Write it into the manifest and the report. Raises as ``update``."""
    return update(directory, lambda build: build.with_observations(results))
