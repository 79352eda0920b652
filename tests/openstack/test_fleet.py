"""A fleet whose images go to a real Glance: staged, promoted, and nothing sent twice."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from fleets import fleet_of
from localcloud import LocalCloud
from publishing import current, images

from builder.fleet.capacity import Capacity
from builder.fleet.graph import steps
from builder.fleet.job import Job, Outcome, Result, jobs
from builder.fleet.local import LocalExecutor
from builder.fleet.perform import Place
from builder.fleet.run import run
from builder.host.room import GIB

pytestmark = pytest.mark.openstack

MATRIX = """\
ways: {release: {staging: local, production: [prod]}}
images: {pinned-scsi: {way: release}}
"""
PROGRAM = (sys.executable, str(Path(__file__).with_name("fleet_program.py")))
Run = Callable[[], dict[str, Outcome]]


class Quiet:
    def submitted(self, job: Job) -> None:
        pass

    def ended(self, outcome: Outcome) -> None:
        pass

    def tick(self) -> None:
        pass


def run_fleet(directory: Path) -> dict[str, Outcome]:
    fleet = fleet_of(directory, MATRIX)
    place = Place(directory / "dist", PROGRAM)
    planned = jobs(fleet, steps(fleet.images))
    with LocalExecutor(place, lambda _job, _phase: None, Capacity({0}, 64 * GIB)) as executor:
        outcomes = run(planned, executor, Quiet())
    return {outcome.step.title: outcome for outcome in outcomes}


@pytest.fixture
def fleet(tmp_path: Path, prod: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Run:
    tests = Path(__file__).parents[1]
    paths = (tests / "openstack", tests)
    monkeypatch.setenv("PYTHONPATH", ":".join(map(str, paths)))
    monkeypatch.setenv("GUEST_IMAGE_CACHE", str(tmp_path / "cache"))
    return partial(run_fleet, tmp_path)


def builds(directory: Path) -> list[str]:
    return [path.parent.name for path in directory.glob("dist/pinned-scsi/2*/manifest.json")]


def test_an_image_ends_in_production_and_a_second_run_sends_nothing(
    fleet: Run, prod: LocalCloud, tmp_path: Path
) -> None:
    first = fleet()
    assert [str(outcome.result) for outcome in first.values()] == [
        "done", "as it was", "done", "done", "done",
    ], first  # fmt: skip
    (build,) = builds(tmp_path)
    for cloud in ("local", "prod"):
        assert current(prod, cloud).guest_image_build == build
    before = {cloud: images(prod, cloud) for cloud in ("local", "prod")}
    second = fleet()
    assert {outcome.result for outcome in second.values()} == {Result.KEPT}, second
    assert {cloud: images(prod, cloud) for cloud in before} == before
    assert builds(tmp_path) == [build]


def test_a_cloud_that_was_down_gets_the_same_build_when_it_is_back(
    fleet: Run, prod: LocalCloud, tmp_path: Path
) -> None:
    prod.prod_glance.stop()
    first = fleet()
    assert first["publish in prod"].exit_code == 5
    assert "prod" in first["publish in prod"].told
    assert first["proof in local"].good
    (build,) = builds(tmp_path)
    prod.prod_glance.start()
    second = fleet()
    assert second["publish in prod"].result is Result.DONE, second
    assert second["build"].result is Result.KEPT
    assert current(prod, "prod").guest_image_build == build
    assert builds(tmp_path) == [build]
