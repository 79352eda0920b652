"""Workers whose line to the store is cut, or freezes: the store is a real sshd."""

import threading
from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cut_line import Line, line_to
from fake_fleet import FakeFleet, Seen, fake_fleet
from fleet_cluster import Cluster, running
from sftp_server import Server, serving
from waiting import wait_until

from builder.errors import HostError
from builder.fleet.cluster import files
from builder.fleet.cluster.files import Files, files_at
from builder.fleet.job import Outcome, Result

pytestmark = [pytest.mark.integration, pytest.mark.program("sshd", "ssh-keygen")]

MINUTE = 60.0
MIB = 1 << 20


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeFleet:
    return fake_fleet(tmp_path, monkeypatch, "images: {base: }")


@pytest.fixture
def server(tmp_path: Path) -> Generator[Server]:
    with serving(tmp_path / "home") as found:
        yield found


@pytest.fixture
def line(server: Server) -> Generator[Line]:
    with line_to(server.port) as found:
        server.trust(server.port, found.port)
        yield found


@pytest.fixture
def cluster(tmp_path: Path, fleet: FakeFleet, server: Server, line: Line) -> Generator[Cluster]:
    """One whose workers reach the store by the line alone."""
    assert fleet.ended == []
    with running(tmp_path) as found:
        found.store = server.url.replace(str(server.port), str(line.port))
        yield found


def begun(fleet: FakeFleet, verb: str) -> int:
    return sum(call[:2] == ["begin", verb] for call in fleet.calls)


def failed(outcomes: dict[str, Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes.values() if not outcome.good]


@pytest.mark.parametrize(
    "transfer",
    [
        lambda there, _: there.read("small"),
        lambda there, place: there.get("large", place / "fetched"),
        lambda there, place: there.put("sent", place / "large"),
    ],
    ids=["read", "get", "put"],
)
def test_an_answer_that_never_comes_is_not_waited_for(
    transfer: Callable[[Files, Path], object],
    server: Server,
    line: Line,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "CONNECT", 1.0)
    there = files_at(server.url.replace(str(server.port), str(line.port)))
    there.write("small", b"1")
    (tmp_path / "large").write_bytes(bytes(16 * MIB))
    there.put("large", tmp_path / "large")

    def moves() -> None:
        with there.reached():
            while True:
                transfer(there, tmp_path)

    with ThreadPoolExecutor(1) as threads:
        moving = threads.submit(moves)
        line.freeze()
        try:
            with pytest.raises(HostError, match="could not be used"):
                moving.result(30)
        finally:
            line.cut()  # it would wait for ever otherwise


@pytest.mark.parametrize("pace", [0.1, pytest.param(1.0, marks=pytest.mark.whole)])
def test_a_line_that_is_cut_for_a_minute_delays_a_build_and_no_more(
    pace: float, cluster: Cluster, fleet: FakeFleet, line: Line
) -> None:
    """With the pace, a minute is shorter, too."""
    back = threading.Timer(pace * MINUTE, line.mend)

    class Cuts(Seen):
        def tick(self) -> None:
            if not back.ident and begun(fleet, "base.build"):
                line.cut()
                back.start()

    cluster.start_worker(WORKER_PACE=str(pace), FAKE_SECONDS="2")
    outcomes = cluster.run(fleet, Cuts())
    assert failed(outcomes) == []
    assert outcomes["base/build"].result is Result.DONE
    assert Counter(call[1] for call in fleet.calls if call[0] == "begin") == {
        "base.build": 1, "base.prove": 1,
    }  # fmt: skip


def test_a_line_that_freezes_for_ever_ends_a_step_before_another_fleet_goes_on_with_it(
    cluster: Cluster, server: Server, fleet: FakeFleet, line: Line, tmp_path: Path
) -> None:
    """Nobody is told of it: no connection ends, and nothing arrives."""
    hangs = fleet.let("base.build", "hangs")
    other = FakeFleet(fleet.fleet, fleet.home, fleet.dist)

    class Freezes(Seen):
        def tick(self) -> None:
            if hangs.exists() and begun(fleet, "base.build"):
                hangs.unlink()  # of the next one
                line.freeze()

    with running(tmp_path / "other") as second, ThreadPoolExecutor(2) as threads:
        second.store = server.url
        pace = {"WORKER_PACE": "0.1"}
        cluster.start_worker(**pace)
        frozen = threads.submit(cluster.run, fleet, Freezes())
        second.start_worker(**pace)
        wait_until(lambda: line.frozen, "the line is frozen", 60)
        outcomes = threads.submit(second.run, other).result(120)
        assert failed(outcomes) == []
        (build, _) = failed(frozen.result(300))
    assert build.exit_code == 3
    assert f"could not do it. The store {cluster.store} could not be used." in build.told
    assert Counter(fleet.ended) == {"base.build": 1, "base.prove": 1}
    assert begun(fleet, "base.build") == 2
