"""What is measured, and one measured number. Pure.

Every metric is a gauge: node_exporter's textfile collector reads Prometheus' own format, which has
none of OpenMetrics' further types. Times are those of events, in seconds since 1970: an age that is
written down is wrong a minute later, and ``time() - …`` is not.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """A family of numbers; its name ends with its unit, where it has one."""

    name: str
    help: str
    labels: tuple[str, ...]
    unit: str = ""


@dataclass(frozen=True)
class Sample:
    """One number of a metric, with the values of its labels in their order."""

    metric: Metric
    values: tuple[str, ...]
    number: float


def _of_builds(name: str, text: str, *labels: str, unit: str = "") -> Metric:
    return Metric(f"guest_image_{name}", text, ("profile", *labels), unit)


def _of_clouds(name: str, text: str, *labels: str, unit: str = "") -> Metric:
    return Metric(f"guest_image_cloud_{name}", text, ("cloud", *labels), unit)


WRITTEN = Metric(
    "guest_image_metrics_timestamp_seconds", "When these numbers were gathered.", (), "seconds"
)

BUILD = _of_builds("build_info", "1, with the name of the latest build.", "build")
CREATED = _of_builds(
    "build_created_timestamp_seconds", "When the latest build began.", unit="seconds"
)
SUCCEEDED = _of_builds(
    "last_build_success", "1 where the last build that was tried succeeded, 0 where it failed."
)
SIZE = _of_builds("image_size_bytes", "Size of the latest build's image file.", unit="bytes")
PHASE = _of_builds(
    "build_phase_seconds", "How long a phase of the latest build took.", "phase", unit="seconds"
)
PROOF = _of_builds(
    "proof_seconds",
    "How long the inspection, or a boot with its probes, of the latest build took.",
    "part",
    unit="seconds",
)
PROVEN = _of_builds("proven", "1 where the latest build is proven as a whole, else 0.")
CLAIMS = _of_builds("claims", "Claims of the latest build by their grade.", "grade")
UNPROVEN = _of_builds("claims_unproven", "Claims of the latest build that are not proven.")
CHECKS = _of_builds(
    "checks", "Planned checks of the latest build by their outcome, or 'missing'.", "outcome"
)
EVIDENCE = _of_builds(
    "evidence_oldest_timestamp_seconds",
    "When the oldest check of the latest build's evidence began.",
    unit="seconds",
)
PUBLISHED = _of_builds(
    "published_timestamp_seconds",
    "When a build was last published in a cloud, as the manifests tell.",
    "cloud",
    unit="seconds",
)
PUBLISHED_CREATED = _of_builds(
    "published_build_created_timestamp_seconds",
    "When the build began that was last published in a cloud, as the manifests tell.",
    "cloud",
    unit="seconds",
)

UP = _of_clouds("up", "1 where the cloud answered, 0 where it did not.")
DRIFT = _of_clouds("drift", "Images and names that are not as they were published.")
CURRENT = _of_clouds(
    "current_build_created_timestamp_seconds",
    "When the build began whose image is current in the cloud.",
    "profile",
    unit="seconds",
)
LAG = _of_clouds(
    "lag_seconds",
    "By how much the image that is current in the cloud is older than the latest proven build.",
    "profile",
    unit="seconds",
)
UNFINISHED = _of_clouds("unfinished_uploads", "Images that were uploaded and not published.")

METRICS = (
    WRITTEN, BUILD, CREATED, SUCCEEDED, SIZE, PHASE, PROOF, PROVEN, CLAIMS, UNPROVEN, CHECKS,
    EVIDENCE, PUBLISHED, PUBLISHED_CREATED, UP, DRIFT, CURRENT, LAG, UNFINISHED,
)  # fmt: skip
"""In the order in which they are written."""
