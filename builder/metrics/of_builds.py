"""What is measured of a profile's builds, by their manifests. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.feature import Grade, Outcome
from builder.metrics import metric
from builder.metrics.metric import Sample
from builder.store.manifest import Manifest
from builder.store.verdict import Verdict, verdict_of

if TYPE_CHECKING:
    from builder.store.sections import Published

MISSING = "missing"
"""In place of an outcome: a check that the plan has and nobody has made."""
INSPECTION = "inspection"
"""In place of a boot's name: the disk at rest."""


@dataclass(frozen=True)
class Builds:
    """A profile's builds, oldest first, and whether the last one that was tried failed."""

    profile: str
    manifests: Sequence[Manifest]
    failed: bool

    @property
    def latest(self) -> Manifest | None:
        """The newest one."""
        return self.manifests[-1] if self.manifests else None

    @property
    def latest_proven(self) -> Manifest | None:
        """The newest one that is proven as a whole."""
        return next((each for each in reversed(self.manifests) if verdict_of(each).proven), None)


def samples_of(builds: Builds) -> Iterator[Sample]:
    """Everything that is measured of them."""
    profile = (builds.profile,)
    yield Sample(metric.SUCCEEDED, profile, float(not builds.failed))
    if builds.latest is not None:
        yield from _latest(builds.latest, profile)
    yield from _published(builds)


def _latest(build: Manifest, profile: tuple[str]) -> Iterator[Sample]:
    yield Sample(metric.BUILD, (*profile, build.build), 1.0)
    yield Sample(metric.CREATED, profile, build.created.timestamp())
    yield Sample(metric.SIZE, profile, float(build.image.size))
    for phase, seconds in build.timings.items():
        yield Sample(metric.PHASE, (*profile, phase), seconds)
    yield from _proof(build, profile)
    yield from _verdict(build, verdict_of(build), profile)


def _proof(build: Manifest, profile: tuple[str]) -> Iterator[Sample]:
    evidence = build.valid_evidence()
    inspected = [result.seconds for result in evidence if result.boot is None]
    if inspected:
        yield Sample(metric.PROOF, (*profile, INSPECTION), sum(inspected))
    for boot in build.boots:
        if boot.image_sha256 == build.image.sha256:
            yield Sample(metric.PROOF, (*profile, boot.name), boot.until_ssh + boot.probes)
    if evidence:
        oldest = min(result.at for result in evidence)
        yield Sample(metric.EVIDENCE, profile, oldest.timestamp())


def _verdict(build: Manifest, verdict: Verdict, profile: tuple[str]) -> Iterator[Sample]:
    yield Sample(metric.PROVEN, profile, float(verdict.proven))
    grades = Counter(claim.grade for claim in verdict.claims)
    for grade in Grade:
        yield Sample(metric.CLAIMS, (*profile, grade.value), float(grades[grade]))
    unproven = sum(not claim.proven for claim in verdict.claims)
    yield Sample(metric.UNPROVEN, profile, float(unproven))
    outcomes = Counter(result.outcome for result in build.valid_evidence())
    for outcome in Outcome:
        yield Sample(metric.CHECKS, (*profile, outcome.value), float(outcomes[outcome]))
    yield Sample(metric.CHECKS, (*profile, MISSING), float(len(verdict.missing)))


def _published(builds: Builds) -> Iterator[Sample]:
    """The newest publication in each cloud, with the build that it was of."""
    newest: dict[str, tuple[Published, Manifest]] = {}
    for build in builds.manifests:
        for record in build.published:
            latest = newest.get(record.cloud)
            if latest is None or latest[0].at < record.at:
                newest[record.cloud] = record, build
    for cloud, (record, build) in sorted(newest.items()):
        labels = (builds.profile, cloud)
        yield Sample(metric.PUBLISHED, labels, record.at.timestamp())
        yield Sample(metric.PUBLISHED_CREATED, labels, build.created.timestamp())
