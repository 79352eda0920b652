"""Workers that cannot do a step which others can: a disk that is full."""

import os
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest
from fake_fleet import FakeFleet, fake_fleet
from fleet_cluster import Cluster, running

from builder.fleet.job import Result

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root"),
]

MIB = 1 << 20


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeFleet:
    return fake_fleet(tmp_path, monkeypatch, "images: {base: }")


@pytest.fixture
def cluster(tmp_path: Path, fleet: FakeFleet) -> Generator[Cluster]:
    with running(tmp_path) as found:
        yield found


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    place = tmp_path / "small-disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16M", "none", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def test_a_step_for_which_one_disk_has_no_room_is_done_elsewhere(
    cluster: Cluster, fleet: FakeFleet, small_disk: Path
) -> None:
    fleet.let("base.build", "writes", str(32 * MIB))
    cluster.start_worker(small_disk)

    cluster.start_worker()
    outcomes = cluster.run(fleet)
    assert [outcome.told for outcome in outcomes.values() if not outcome.good] == []
    assert fleet.ended == ["base.build", "base.prove"]


def test_a_step_for_which_no_disk_has_room_names_the_worker_and_the_space(
    cluster: Cluster, fleet: FakeFleet, small_disk: Path
) -> None:
    fleet.let("base.build", "writes", str(32 * MIB))
    worker = cluster.start_worker(small_disk)
    outcome = cluster.run(fleet)["base/build"]
    assert outcome.result is Result.FAILED
    assert f"-{worker.pid} could not do it. There is too little room: {small_disk} has " in (
        outcome.told
    )
    assert " MiB free, a build needs " in outcome.told
    assert "build of base failed." in outcome.details
    assert outcome.exit_code == 3


def test_a_build_that_does_not_fit_on_a_workers_disk_is_not_fetched_there(
    cluster: Cluster, fleet: FakeFleet, small_disk: Path
) -> None:
    built = cluster.start_worker()
    hangs = fleet.let("base.prove", "hangs")

    def dies() -> None:
        if built.poll() is None and any(call[1] == "base.prove" for call in fleet.calls):
            hangs.unlink()
            built.kill()
            built.wait(10)
            cluster.start_worker(small_disk)

    fleet.seen.tick = dies  # type: ignore[method-assign]
    outcome = cluster.run(fleet)["base/proof"]
    assert outcome.result is Result.FAILED
    assert "from the store needs " in outcome.told
