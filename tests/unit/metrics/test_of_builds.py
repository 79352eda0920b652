"""What is measured of builds, by their manifests."""

from datetime import timedelta

from reports import PLAN, proven, publication, record
from samples import OTHER_SHA256, WHEN, complete, evidence, manifest

from builder.feature import Outcome
from builder.metrics import metric
from builder.metrics.metric import Metric
from builder.metrics.of_builds import Builds, samples_of
from builder.store.manifest import Manifest

NOW = WHEN.timestamp()


def measured(
    *builds: Manifest, failed: bool = False
) -> dict[tuple[Metric, tuple[str, ...]], float]:
    found = [*samples_of(Builds("p", builds, failed))]
    numbers = {(sample.metric, sample.values): sample.number for sample in found}
    assert len(numbers) == len(found)
    return numbers


def test_a_proven_build_is_measured_as_a_whole() -> None:
    build = proven().model_copy(update={"timings": {"packages": 60.0, "disk": 22.5}})
    found = measured(build)
    assert found[metric.BUILD, ("p", build.build)] == 1
    assert found[metric.CREATED, ("p",)] == NOW
    assert found[metric.SUCCEEDED, ("p",)] == found[metric.PROVEN, ("p",)] == 1
    assert found[metric.SIZE, ("p",)] == 300 << 20
    assert found[metric.PHASE, ("p", "disk")] == 22.5
    assert found[metric.PROOF, ("p", "bios")] == 82
    assert found[metric.PROOF, ("p", "inspection")] == 0.5 * len(PLAN.inspections)
    assert found[metric.EVIDENCE, ("p",)] == NOW
    assert found[metric.CLAIMS, ("p", "exercised")] == len(PLAN.claims)
    assert found[metric.CLAIMS, ("p", "observed")] == found[metric.UNPROVEN, ("p",)] == 0
    assert found[metric.CHECKS, ("p", "passed")] == len(complete(PLAN))
    assert found[metric.CHECKS, ("p", "missing")] == 0


def test_what_is_not_proven_is_counted() -> None:
    check = PLAN.inspections[0].id
    build = proven().with_evidence([evidence(check, Outcome.FAILED)])
    found = measured(build)
    assert found[metric.PROVEN, ("p",)] == 0
    assert found[metric.CHECKS, ("p", "failed")] == 1
    unchecked = measured(manifest(PLAN))
    assert unchecked[metric.CHECKS, ("p", "missing")] == len(complete(PLAN))
    assert unchecked[metric.UNPROVEN, ("p",)] == len(PLAN.claims)
    assert (metric.EVIDENCE, ("p",)) not in unchecked


def test_evidence_and_boots_of_another_file_are_not_measured() -> None:
    build = manifest(PLAN).with_evidence(
        [evidence(PLAN.inspections[0].id, sha256=OTHER_SHA256)], [record("bios", OTHER_SHA256)]
    )
    assert not [key for key in measured(build) if key[0] in {metric.PROOF, metric.EVIDENCE}]


def test_the_age_of_evidence_is_that_of_the_oldest() -> None:
    old = evidence(PLAN.inspections[0].id).model_copy(update={"at": WHEN - timedelta(days=9)})
    found = measured(proven().with_evidence([old]))
    assert found[metric.EVIDENCE, ("p",)] == NOW - 9 * 86400


def test_the_newest_publication_in_each_cloud_counts_whichever_build_it_is_of() -> None:
    later = publication().model_copy(update={"at": WHEN + timedelta(days=2)})
    staging = publication().model_copy(update={"cloud": "staging"})
    old = manifest(PLAN, created=WHEN - timedelta(days=5), published=(later, staging))
    new = manifest(PLAN, published=(publication(),))
    found = measured(old, new)
    assert found[metric.PUBLISHED, ("p", "prod")] == NOW + 2 * 86400
    assert found[metric.PUBLISHED_CREATED, ("p", "prod")] == NOW - 5 * 86400
    assert found[metric.PUBLISHED, ("p", "staging")] == NOW


def test_a_profile_whose_only_build_failed_has_that_alone() -> None:
    assert measured(failed=True) == {(metric.SUCCEEDED, ("p",)): 0}


def test_the_latest_proven_build_is_not_always_the_latest() -> None:
    builds = Builds("p", [proven(), manifest(PLAN)], failed=False)
    assert builds.latest_proven == proven()
    assert Builds("p", [manifest(PLAN)], failed=False).latest_proven is None
