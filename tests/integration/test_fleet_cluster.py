"""A fleet on many machines: workers that die, a scheduler that does, keys and versions."""

import threading
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
from fake_fleet import FakeFleet, Seen, fake_fleet
from fleet_cluster import Cluster, running
from fleets import RELEASE

from builder.errors import HostError, InterruptedByUser
from builder.fleet.cluster import executor as executing
from builder.fleet.cluster.versions import own_version, require_same
from builder.fleet.job import Outcome, Result

pytestmark = pytest.mark.integration

STEPS = [
    "base.prove",
    *(
        pytest.param(verb, marks=pytest.mark.whole)
        for verb in (
            "base.build",
            "base.publish-staging",
            "base.cloud-prove-staging",
            "base.promote-prod",
        )
    ),
]


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Cluster]:
    monkeypatch.setenv("FAKE_VERBS", str(tmp_path / "fake"))
    with running(tmp_path) as found:
        yield found


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeFleet:
    return fake_fleet(tmp_path, monkeypatch, RELEASE)


def begun(fleet: FakeFleet, verb: str) -> list[int]:
    return [int(call[2]) for call in fleet.calls if call[:2] == ["begin", verb]]


def test_two_workers_bring_an_image_to_production_and_nothing_is_done_twice(
    cluster: Cluster, fleet: FakeFleet
) -> None:
    cluster.start_worker()
    cluster.start_worker()
    outcomes = cluster.run(fleet)
    assert [outcome.told for outcome in outcomes.values() if not outcome.good] == []
    assert any(phase.startswith("base/") for phase in fleet.seen.phases)
    counts = Counter(fleet.ended)
    assert counts["base.build"] == counts["base.prove"] == 1
    fleet.forget()
    again = cluster.run(fleet)
    assert {outcome.result for outcome in again.values()} == {Result.KEPT}, again
    assert "base.build" not in fleet.ended
    (build,) = (cluster.home / "store" / "base").glob("2*")
    assert (cluster.home / "store/base/latest").read_text() == build.name


def test_two_fleets_with_schedulers_of_their_own_do_nothing_twice_in_one_store(
    cluster: Cluster, fleet: FakeFleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_SECONDS", "0.5")
    other = FakeFleet(fleet.fleet, fleet.home, fleet.dist)
    ended: dict[str, Outcome] = {}
    with running(tmp_path / "other") as second:
        second.store = cluster.store
        for each in (cluster, second):
            each.start_worker()
        thread = threading.Thread(target=lambda: ended.update(second.run(other)))
        thread.start()
        outcomes = cluster.run(fleet)
        thread.join(120)
    both = [*outcomes.values(), *ended.values()]
    assert [outcome.told for outcome in both if not outcome.good] == []
    assert len(both) == 2 * len(fleet.jobs())
    counts = Counter(fleet.ended)
    assert counts["base.build"] == counts["base.prove"] == counts["base.cloud-prove-staging"] == 1
    phases = [*fleet.seen.phases, *other.seen.phases]
    assert any(phase.endswith(", to work at image base") for phase in phases)


@pytest.mark.parametrize("verb", STEPS)
def test_a_killed_workers_step_is_done_elsewhere(
    verb: str, cluster: Cluster, fleet: FakeFleet
) -> None:
    hangs = fleet.let(verb, "hangs")
    first = cluster.start_worker()

    class Kills(Seen):
        def tick(self) -> None:
            if first.poll() is None and begun(fleet, verb):
                hangs.unlink()
                first.kill()
                first.wait(10)
                cluster.start_worker()

    outcomes = cluster.run(fleet, Kills())
    assert all(outcome.good for outcome in outcomes.values()), outcomes
    assert len(begun(fleet, verb)) >= 2
    counts = Counter(fleet.ended)
    assert counts["base.build"] == counts["base.prove"] == 1


def test_a_profile_that_fails_always_and_a_cloud_that_is_down_hold_up_nothing_else(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = "images: {base: {way: release}, pinned-scsi: {way: release}}"
    fleet = fake_fleet(tmp_path, monkeypatch, f"{RELEASE.splitlines()[0]}\n{both}\n")
    fleet.let("base.build", "fails", "3")
    down = fleet.let("pinned-scsi.promote-prod", "fails", "5")
    cluster.start_worker()
    cluster.start_worker()
    for _ in range(2):
        outcomes = cluster.run(fleet)
        bad = {name: each.exit_code for name, each in outcomes.items() if not each.good}
        assert bad.pop("base/build") == 3
        assert bad.pop("pinned-scsi/publish in prod") == 5
        assert set(bad) == {step for step in outcomes if step.startswith("base/")} - {"base/build"}
    assert len(begun(fleet, "base.build")) == 2  # once in each run: no other worker is tried
    down.unlink()
    outcomes = cluster.run(fleet)
    assert outcomes["pinned-scsi/publish in prod"].result is Result.DONE
    assert Counter(fleet.ended)["pinned-scsi.build"] == 1


def test_a_scheduler_that_dies_is_told_and_the_next_run_completes(
    cluster: Cluster, fleet: FakeFleet
) -> None:
    hangs = fleet.let("base.prove", "hangs")
    cluster.start_worker()
    scheduler = cluster.scheduler
    assert scheduler is not None

    class Kills(Seen):
        def tick(self) -> None:
            if begun(fleet, "base.prove"):
                scheduler.kill()

    with pytest.raises(HostError, match=r"The scheduler at .* is gone\."):
        cluster.run(fleet, Kills())
    hangs.unlink()
    scheduler.wait(10)
    cluster.workers[0].wait(60)  # it ends with its scheduler, and its verb with it
    cluster.start_scheduler()
    cluster.start_worker()
    outcomes = cluster.run(fleet)
    assert outcomes["base/build"].result is Result.KEPT
    assert all(outcome.good for outcome in outcomes.values()), outcomes
    assert Counter(fleet.ended)["base.build"] == 1


def test_what_an_interrupted_command_has_begun_is_found_done_by_the_next_one(
    cluster: Cluster, fleet: FakeFleet
) -> None:
    cluster.start_worker(FAKE_SECONDS="3")

    class Interrupts(Seen):
        def tick(self) -> None:
            if begun(fleet, "base.build"):
                raise InterruptedByUser("Interrupted.")

    with pytest.raises(InterruptedByUser):
        cluster.run(fleet, Interrupts())
    assert fleet.ended == []
    outcomes = cluster.run(fleet)
    assert outcomes["base/build"].result is Result.KEPT
    assert all(outcome.good for outcome in outcomes.values()), outcomes
    assert len(begun(fleet, "base.build")) == 1


def test_a_step_that_no_worker_can_do_is_given_up(
    cluster: Cluster, fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executing, "PATIENCE", 2.0)
    outcome = cluster.run(fleet)["base/build"]
    assert outcome.result is Result.FAILED
    assert outcome.told.startswith(
        "None of 0 workers can do it: it needs slots, memory, space, builds"
    )


def test_a_scheduler_of_another_version_is_refused(
    cluster: Cluster, fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compared(_own: str, there: object, address: str) -> None:
        require_same("guest-image-builder 9", there, address)

    monkeypatch.setattr(executing, "require_same", compared)
    with pytest.raises(HostError) as caught:
        cluster.run(fleet)
    assert caught.value.details == ("here:  guest-image-builder 9", f"there: {own_version()}")


def test_nobody_answers(
    cluster: Cluster, fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executing, "CONNECT", 2.0)
    cluster.address = "tcp://127.0.0.1:9"
    with pytest.raises(HostError, match="No scheduler answers"):
        cluster.run(fleet)


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="this kernel has no IPv6")
def test_they_speak_by_ipv6(tmp_path: Path, fleet: FakeFleet) -> None:
    with running(tmp_path, None, "--host", "::1") as cluster:
        assert cluster.address.startswith("tcp://[::1]:")
        cluster.start_worker()
        outcomes = cluster.run(fleet)
    assert all(outcome.good for outcome in outcomes.values()), outcomes


def test_machines_with_the_key_work_together_and_others_are_refused(
    tmp_path: Path, fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path, tmp_path / "fleet.pem") as cluster:
        assert cluster.address.startswith("tls://")
        cluster.start_worker()
        outcomes = cluster.run(fleet)
        assert all(outcome.good for outcome in outcomes.values()), outcomes
        monkeypatch.setattr(executing, "CONNECT", 2.0)
        other = Cluster(tmp_path, None, cluster.address.replace("tls", "tcp"), cluster.store)
        with pytest.raises(HostError, match="No scheduler answers"):
            other.run(fleet)
