"""Samples as OpenMetrics text, which Prometheus and node_exporter read."""

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector

from builder.metrics.metric import METRICS, Sample


class _Families(Collector):
    """What the library asks for the samples, family by family."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        """The families that have a sample."""
        for metric in METRICS:
            family = GaugeMetricFamily(
                metric.name, metric.help, labels=metric.labels, unit=metric.unit
            )
            for sample in self._samples:
                if sample.metric == metric:
                    family.add_metric(sample.values, sample.number)
            if family.samples:
                yield family


def openmetrics(samples: Iterable[Sample]) -> str:
    """The text, with its end mark."""
    registry = CollectorRegistry()
    registry.register(_Families([*samples]))
    text: bytes = generate_latest(registry)  # type: ignore[no-untyped-call] # it has no types
    return text.decode()
