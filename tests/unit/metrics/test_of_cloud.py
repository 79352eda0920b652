"""What is measured of a cloud."""

from cloud_images import NAME, day, image

from builder.metrics import metric
from builder.metrics.metric import Sample
from builder.metrics.of_cloud import samples_of, silent
from builder.publish.cloud.image import PUBLISHER
from builder.publish.drift import Finding

HIDDEN = image("old", 0, name=f"{NAME} 20260101T120000Z", hidden=True)
CURRENT = image("new", 1)
DRAFT = image("draft", 2, name="draft", properties={PUBLISHER: "host:1"})


def test_drift_lag_and_unfinished_uploads_are_counted() -> None:
    findings = [Finding("a", ("x",)), Finding("b", ("x",), drift=False), Finding("c", ("x",))]
    found = [*samples_of("prod", [HIDDEN, CURRENT, DRAFT], findings, {NAME: day(4)})]
    assert found == [
        Sample(metric.UP, ("prod",), 1),
        Sample(metric.DRIFT, ("prod",), 2),
        Sample(metric.UNFINISHED, ("prod",), 1),
        Sample(metric.CURRENT, ("prod", NAME), day(1).timestamp()),
        Sample(metric.LAG, ("prod", NAME), 3 * 86400),
    ]


def test_a_cloud_that_is_ahead_does_not_lag_and_an_unknown_profile_has_no_lag() -> None:
    ahead = [*samples_of("prod", [CURRENT], [], {NAME: day(0)})]
    assert ahead[-1] == Sample(metric.LAG, ("prod", NAME), 0)
    unknown = [*samples_of("prod", [CURRENT], [], {})]
    assert unknown[-1].metric == metric.CURRENT


def test_of_a_profile_with_several_names_the_oldest_counts() -> None:
    found = [*samples_of("prod", [image("a", 3), image("b", 1), image("c", 2)], [], {})]
    assert found[-1] == Sample(metric.CURRENT, ("prod", NAME), day(1).timestamp())


def test_a_silent_cloud_says_nothing_but_that() -> None:
    assert [*silent("prod")] == [Sample(metric.UP, ("prod",), 0)]
