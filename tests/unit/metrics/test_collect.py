"""What is gathered of a directory of builds, and of clouds that do not answer."""

from pathlib import Path

import pytest
from reports import proven
from samples import manifest, plan

from builder.errors import CloudError, InputError
from builder.metrics import collect, metric
from builder.metrics.collect import builds_of
from builder.store import manifest as store
from builder.store.manifest import Manifest
from builder.terminal.progress import Progress


def stored(dist: Path, build: Manifest, name: str) -> None:
    directory = dist / build.planned().profile / name
    directory.mkdir(parents=True)
    store.write(directory, build.model_copy(update={"build": name}))


def test_builds_are_found_by_profile_oldest_first_with_those_that_failed(tmp_path: Path) -> None:
    stored(tmp_path, proven(), "20260102T030405Z-aaaaaa")
    stored(tmp_path, proven(), "20260101T030405Z-bbbbbb")
    stored(tmp_path, manifest(plan("base")), "20260101T030405Z-cccccc")
    (tmp_path / "base" / "20260103T030405Z-dddddd.failed").mkdir()
    (tmp_path / "rocky-9" / "20260103T030405Z-dddddd.failed").mkdir(parents=True)
    (tmp_path / "base" / ".20260103T030405Z-eeeeee.partial").mkdir()
    base, pinned, rocky = builds_of(tmp_path)
    assert [(build.profile, build.failed) for build in (base, pinned, rocky)] == [
        ("base", True), ("pinned-scsi", False), ("rocky-9", True),
    ]  # fmt: skip
    assert [build.build[:8] for build in pinned.manifests] == ["20260101", "20260102"]
    assert rocky.latest is None


def test_nothing_built_is_nothing_measured_but_the_time(tmp_path: Path) -> None:
    with Progress() as progress:
        samples, errors = collect.collect(tmp_path / "none", [], progress)
    assert [sample.metric for sample in samples] == [metric.WRITTEN]
    assert errors == []


def test_each_cloud_that_fails_is_down_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clouds.yaml").write_text(
        "clouds: {prod: {auth: {auth_url: 'http://127.0.0.1:9/v3', username: me,"
        " password: verysecret, project_name: p}}}"
    )
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    with Progress() as progress:
        samples, errors = collect.collect(tmp_path, ["prod", "none", "prod"], progress)
    assert [(sample.metric, sample.values, sample.number) for sample in samples[1:]] == [
        (metric.UP, ("prod",), 0), (metric.UP, ("none",), 0),
    ]  # fmt: skip
    assert [type(error) for error in errors] == [CloudError, InputError]
    assert "verysecret" not in str(errors[0])
