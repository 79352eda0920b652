"""Gathers what is measured: the builds of one directory, and the clouds that are named."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path

from builder.errors import BuilderError, InterruptedByUser
from builder.metrics import metric, of_builds, of_cloud
from builder.metrics.metric import Sample
from builder.metrics.of_builds import Builds
from builder.publish.audit import audit
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.survey import published
from builder.store.build_directory import failed_profiles, manifests
from builder.terminal.progress import Progress


def collect(
    dist: Path, clouds: Sequence[str], progress: Progress
) -> tuple[list[Sample], list[BuilderError]]:
    """Every sample, and why clouds told nothing: one that is down must not hide the others."""
    samples = [Sample(metric.WRITTEN, (), time.time())]
    builds = [*builds_of(dist)]
    for each in builds:
        samples += of_builds.samples_of(each)
    proven = {
        each.profile: latest.created
        for each in builds
        if (latest := each.latest_proven) is not None
    }
    errors = []
    for cloud in dict.fromkeys(clouds):
        try:
            samples += _of_cloud(cloud, dist, proven, progress)
        except InterruptedByUser:
            raise
        except BuilderError as error:
            errors.append(error)
            samples += of_cloud.silent(cloud)
    return samples, errors


def builds_of(dist: Path) -> Iterator[Builds]:
    """The builds of each profile that was built, or tried, below a directory."""
    failed = failed_profiles(dist)
    by_profile = {
        profile: [build for _, build in group]
        for profile, group in groupby(manifests(dist), key=lambda pair: pair[0].parent.name)
    }
    for profile in sorted({*by_profile, *failed}):
        yield Builds(profile, by_profile.get(profile, []), profile in failed)


def _of_cloud(
    cloud: str, dist: Path, proven: Mapping[str, datetime], progress: Progress
) -> list[Sample]:
    glance = Glance(cloud, say=progress.line)
    findings = audit(glance, dist, progress, repair=False)
    return [*of_cloud.samples_of(cloud, published(glance), findings, proven)]
