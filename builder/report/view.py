"""What the HTML report shows of a manifest, arranged as it is shown."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from builder.feature import Outcome
from builder.plan.model import Plan
from builder.report.treemap import Item
from builder.store.manifest import Manifest
from builder.store.sections import Evidence, Observed
from builder.store.verdict import ClaimVerdict, Verdict

KIB = 1024
INSPECTION = "disk at rest"
_MIRROR = re.compile(
    r"\b(DIB_DISTRIBUTION_MIRROR|DIB_DEBIAN_SECURITY_MIRROR)=(https?://[\w.~:/%+\[\]-]+)$",
    re.ASCII | re.MULTILINE,
)


@dataclass(frozen=True)
class Sighting:
    """What a check saw, and everywhere it saw just that."""

    outcome: Outcome
    seen: str
    where: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class CheckRow:
    """One check of the plan with its sightings; where it was not made stands in ``missing``."""

    id: str
    title: str
    sightings: tuple[Sighting, ...]
    missing: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether it was made wherever the plan says, and passed there."""
        complete = bool(self.sightings) and not self.missing
        return complete and all(result.outcome is Outcome.PASSED for result in self.sightings)


@dataclass(frozen=True)
class Problem:
    """What kept checks from passing: a guest that does not come up keeps all of its probes."""

    outcome: Outcome
    seen: str
    checks: tuple[Evidence, ...]


@dataclass(frozen=True)
class ClaimRow:
    """One claim with the checks that are its proof."""

    verdict: ClaimVerdict
    proof: tuple[CheckRow, ...]

    @property
    def seen(self) -> str:
        """The first line of what was seen; the checks have all of it."""
        return self.verdict.seen.partition("\n")[0]


def check_rows(plan: Plan, evidence: Sequence[Evidence], verdict: Verdict) -> dict[str, CheckRow]:
    """Every check of the plan, by id."""
    return {
        check.id: CheckRow(
            id=check.id,
            title=check.title,
            sightings=_sightings([found for found in evidence if found.check == check.id]),
            missing=tuple(
                gone.boot or INSPECTION for gone in verdict.missing if gone.check == check.id
            ),
        )
        for check in (*plan.inspections, *plan.probes)
    }


def by_feature(plan: Plan, rows: Mapping[str, CheckRow]) -> dict[str, list[CheckRow]]:
    """The checks of each feature, in the plan's order."""
    features: dict[str, list[CheckRow]] = {}
    for name in plan.parameters:
        of_feature = [
            rows[check.id] for check in (*plan.inspections, *plan.probes) if check.feature == name
        ]
        if of_feature:
            features[name] = of_feature
    return features


def claim_rows(verdict: Verdict, rows: Mapping[str, CheckRow]) -> list[ClaimRow]:
    """Every claim, with its proof's checks that the plan has."""
    return [
        ClaimRow(
            claim_verdict,
            tuple(rows[check] for check in claim_verdict.claim.proof if check in rows),
        )
        for claim_verdict in verdict.claims
    ]


def by_cloud(observations: Iterable[Observed]) -> dict[str, list[Observed]]:
    """What the servers of each cloud have shown."""
    clouds: dict[str, list[Observed]] = {}
    for result in observations:
        clouds.setdefault(result.cloud, []).append(result)
    return clouds


def problems(evidence: Iterable[Evidence]) -> list[Problem]:
    """Checks that did not pass, those together that saw the same."""
    return [
        Problem(outcome, seen, tuple(group))
        for (outcome, seen), group in _together(evidence).items()
    ]


def space_items(build: Manifest) -> list[Item]:
    """What takes the space: packages as installed, and files of no package by directory."""
    return [
        *(
            Item(package.name, "package", package.installed_size * KIB)
            for package in build.packages
        ),
        *(Item(name, "other", size) for name, size in build.unpackaged.items()),
    ]


def mirrors(log: str) -> dict[str, str]:
    """The mirrors that diskimage-builder used, as it told its log: plain addresses only."""
    return dict(_MIRROR.findall(log))


def _sightings(evidence: Iterable[Evidence]) -> tuple[Sighting, ...]:
    return tuple(
        Sighting(
            outcome=outcome,
            seen=seen,
            where=tuple(result.boot or INSPECTION for result in group),
            seconds=max(result.seconds for result in group),
        )
        for (outcome, seen), group in _together(evidence).items()
    )


def _together(evidence: Iterable[Evidence]) -> dict[tuple[Outcome, str], list[Evidence]]:
    groups: dict[tuple[Outcome, str], list[Evidence]] = {}
    for result in evidence:
        groups.setdefault((result.outcome, result.seen), []).append(result)
    return groups
