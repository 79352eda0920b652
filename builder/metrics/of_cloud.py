"""What is measured of a cloud, by its images and an audit of them. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from builder.metrics import metric
from builder.metrics.metric import Sample
from builder.publish.cloud.history import built
from builder.publish.cloud.image import CloudImage
from builder.publish.drift import Finding
from builder.publish.listing import CURRENT, UNFINISHED, state


def samples_of(
    cloud: str,
    images: Sequence[CloudImage],
    findings: Iterable[Finding],
    proven: Mapping[str, datetime],
) -> Iterator[Sample]:
    """Everything that is measured of a cloud that answers.

    ``proven`` has the beginning of each profile's latest proven build.
    """
    yield Sample(metric.UP, (cloud,), 1.0)
    drift = sum(finding.drift for finding in findings)
    yield Sample(metric.DRIFT, (cloud,), float(drift))
    unfinished = sum(state(image) == UNFINISHED for image in images)
    yield Sample(metric.UNFINISHED, (cloud,), float(unfinished))
    for profile, began in sorted(_current(images).items()):
        labels = (cloud, profile)
        yield Sample(metric.CURRENT, labels, began.timestamp())
        if profile in proven:
            lag = max(0.0, (proven[profile] - began).total_seconds())
            yield Sample(metric.LAG, labels, lag)


def silent(cloud: str) -> Iterator[Sample]:
    """The same of a cloud that does not answer: that, and nothing that would look like news."""
    yield Sample(metric.UP, (cloud,), 0.0)


def _current(images: Iterable[CloudImage]) -> dict[str, datetime]:
    """When the current image of each profile was built; of several names the oldest counts."""
    found: dict[str, datetime] = {}
    for image in images:
        if state(image) == CURRENT:
            found[image.profile] = min(built(image), found.get(image.profile, built(image)))
    return found
