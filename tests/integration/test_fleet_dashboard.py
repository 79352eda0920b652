"""What a fleet serves besides itself: a dashboard where one is asked for, and nothing elsewhere."""

import os
import subprocess
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from fake_fleet import fake_fleet
from fleet_cluster import COMMAND, ENVIRONMENT, Cluster, running

pytestmark = pytest.mark.integration


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Cluster]:
    monkeypatch.setenv("FAKE_VERBS", str(tmp_path / "fake"))
    with running(tmp_path) as found:
        yield found


def listening(process: subprocess.Popen[str] | None) -> list[tuple[str, int]]:
    """Where a process takes connections."""
    assert process is not None
    connections = psutil.Process(process.pid).net_connections("inet")
    return [tuple(each.laddr) for each in connections if each.status == psutil.CONN_LISTEN]


def test_without_a_key_nothing_listens_but_what_the_fleet_speaks_by_and_on_loopback_alone(
    cluster: Cluster,
) -> None:
    worker = cluster.start_worker()
    port = int(cluster.address.rpartition(":")[2])
    assert listening(cluster.scheduler) == [("127.0.0.1", port)]
    assert [host for host, _ in listening(worker)] == ["127.0.0.1"]


def test_a_dashboard_answers_where_it_was_asked_for_and_the_run_tells_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("bokeh")
    fleet = fake_fleet(tmp_path, monkeypatch, "images: {base: }")
    with running(tmp_path, None, "--dashboard", "0") as cluster:
        worker = cluster.start_worker()
        outcomes = cluster.run(fleet)
        (link,) = fleet.seen.dashboards
        assert {host for host, _ in listening(cluster.scheduler)} == {"127.0.0.1"}
        with urllib.request.urlopen(link, timeout=30) as answer:  # noqa: S310 - on loopback
            assert "Dask Diagnostic UI" in answer.read().decode()
    assert all(outcome.good for outcome in outcomes.values()), outcomes
    (name,) = fleet.seen.workers
    assert name.endswith(f"-{worker.pid}")


@contextmanager
def started(*words: object) -> Generator[tuple[subprocess.Popen[str], str]]:
    """A verb of a fleet, and the first that it says."""
    with subprocess.Popen(
        [*COMMAND, *map(str, words)],
        env={**os.environ, **ENVIRONMENT},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.mark.parametrize("which", ["worker", "scheduler"])
def test_a_signal_ends_it_in_order_and_without_a_word_of_dasks(which: str, tmp_path: Path) -> None:
    with (
        started("scheduler", "--port", 0) as (scheduler, address),
        started("worker", address, "--output", tmp_path) as (worker, announced),
    ):
        assert "slots" in announced
        ended = worker if which == "worker" else scheduler
        ended.terminate()
        _, said = ended.communicate(timeout=60)
        assert (ended.returncode, said) == (130, "Stopped by SIGTERM.\n")
        worker.wait(60)  # it ends with its scheduler, too
