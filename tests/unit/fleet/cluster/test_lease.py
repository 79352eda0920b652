"""Leases in a directory: one holder at a time, whatever the clocks say and whoever dies."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from waiting import wait_until

from builder.errors import HostError, InterruptedByUser
from builder.fleet.cluster import lease as leases
from builder.fleet.cluster.files import Files, files_at
from builder.fleet.cluster.lease import Claim, Lease, held

NAME = "image base"
FIRST, SECOND = Claim("base/build 1", "worker-1"), Claim("base/build 2", "worker-2")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return files_at(str(tmp_path / "store"))


@pytest.fixture
def stopwatch(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let seconds pass."""
    now = [1000.0]
    monkeypatch.setattr(leases.time, "monotonic", lambda: now[0])

    def passes(seconds: float) -> None:
        now[0] += seconds

    return passes


def test_one_has_it_and_the_other_is_told_who(files: Files) -> None:
    first, second = Lease(NAME, FIRST), Lease(NAME, SECOND)
    assert first.try_take(files) == ""
    assert second.try_take(files) == "worker-1"
    first.give_back(files)
    assert second.try_take(files) == ""
    assert not first.beat(files)


def test_a_holder_that_changes_nothing_is_dead_by_the_stopwatch_of_who_waits(
    files: Files, stopwatch: Callable[[float], None]
) -> None:
    first, second = Lease(NAME, FIRST), Lease(NAME, SECOND)
    assert first.try_take(files) == ""
    for _ in range(3):
        assert second.try_take(files) == "worker-1"
        stopwatch(leases.DEATH - 1)
        assert first.beat(files)
    assert second.try_take(files) == "worker-1"
    stopwatch(leases.DEATH + 1)
    assert second.try_take(files) == ""
    assert not first.beat(files)
    first.give_back(files)  # and it does not free what it no longer has
    assert second.beat(files)


def test_a_step_that_is_begun_anew_does_not_wait_for_its_dead_worker(files: Files) -> None:
    assert Lease(NAME, FIRST).try_take(files) == ""
    assert Lease(NAME, Claim(FIRST.owner, "worker-3")).try_take(files) == ""


def test_a_lease_whose_writer_was_stopped_halfway_is_held(files: Files, tmp_path: Path) -> None:
    first = Lease(NAME, FIRST)
    assert first.try_take(files) == ""
    (path,) = (tmp_path / "store" / ".leases").rglob("0*")
    for content in ("", '{"own'):
        path.write_text(content)
        assert Lease(NAME, SECOND).try_take(files) == "somebody"
        assert first.beat(files)


def test_of_many_that_want_it_at_once_one_has_it(files: Files, tmp_path: Path) -> None:
    ready = threading.Barrier(8)
    Lease(NAME, FIRST).try_take(files)

    def take(number: int) -> bool:
        mine = files_at(str(tmp_path / "store"))
        lease = Lease(NAME, Claim(FIRST.owner if number == 0 else f"other {number}", "host"))
        ready.wait()
        return lease.try_take(mine) == ""

    files.write(f".leases/image%20base/{1:010}", b'{"free": true}')
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(take, range(8))) == 1


def test_a_number_that_was_taken_meanwhile_is_not_taken_again(files: Files) -> None:
    stale, first = Lease(NAME, SECOND), Lease(NAME, FIRST)
    looked: list[int] = []
    real = stale._numbers  # noqa: SLF001 - others come by between two of its looks

    def numbers(there: Files) -> list[int]:
        found = real(there)
        looked.append(len(found))
        if len(looked) == 1:
            assert first.try_take(there) == ""
            first.give_back(there)
            assert first.try_take(there) == ""
        return found

    stale._numbers = numbers  # type: ignore[method-assign]  # noqa: SLF001
    assert stale.try_take(files) == "somebody"
    assert first.beat(files)


def test_who_waits_is_told_for_whom_and_can_be_stopped(files: Files, tmp_path: Path) -> None:
    assert Lease(NAME, FIRST).try_take(files) == ""
    told: list[str] = []
    cancelled = threading.Event()

    def tell(phase: str) -> None:
        told.append(phase)
        cancelled.set()

    with (
        pytest.raises(InterruptedByUser),
        held(str(tmp_path / "store"), [NAME], SECOND, cancelled, tell),
    ):
        pass
    assert told == ["waiting for worker-1, to work at image base"]


def test_a_lease_that_is_lost_ends_the_step(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "BEAT", 0.05)
    cancelled = threading.Event()
    with held(str(tmp_path / "store"), [NAME], FIRST, cancelled, print) as found:
        found.confirm()
        path = max((tmp_path / "store" / ".leases").rglob("0*"))
        files.write(f".leases/image%20base/{int(path.name) + 1:010}", b'{"owner": "other"}')
        wait_until(cancelled.is_set, "the step is ended", 10)
        with pytest.raises(InterruptedByUser, match="another fleet works at image base by now"):
            found.confirm()
    assert Lease(NAME, SECOND).try_take(files) == "somebody"


def test_a_lease_that_was_lost_a_moment_ago_is_not_confirmed(files: Files, tmp_path: Path) -> None:
    with held(str(tmp_path / "store"), [NAME], FIRST, threading.Event(), print) as found:
        path = max((tmp_path / "store" / ".leases").rglob("0*"))
        files.write(f".leases/image%20base/{int(path.name) + 1:010}", b'{"owner": "other"}')
        with pytest.raises(InterruptedByUser, match="another fleet works at image base by now"):
            found.confirm()


@pytest.mark.parametrize("line", ["cut", "frozen"])
def test_a_holder_without_its_store_gives_up_before_others_take_over(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert leases.GIVE_UP < leases.DEATH
    monkeypatch.setattr(leases, "BEAT", 0.05)
    monkeypatch.setattr(leases, "GIVE_UP", 0.5)
    store, away = tmp_path / "store", tmp_path / "away"
    cancelled, thawed = threading.Event(), threading.Event()
    with held(str(store), [NAME], FIRST, cancelled, print) as found:
        if line == "cut":
            store.rename(away)
            store.write_text("a directory no more")
        else:
            monkeypatch.setattr(Lease, "beat", lambda *_: thawed.wait(20))
        wait_until(cancelled.is_set, "the step is ended", 10)
        with pytest.raises(InterruptedByUser, match="the store was not reached for"):
            found.confirm()
    thawed.set()


def test_a_store_that_cannot_be_used_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "PATIENCE", 0.0)
    (tmp_path / "store").write_text("no directory")
    with (
        pytest.raises(HostError, match=r"The store .* could not be used"),
        held(str(tmp_path / "store"), [NAME], FIRST, threading.Event(), print),
    ):
        pass


def test_a_step_that_waits_for_one_of_its_places_keeps_nobody_from_the_others(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "POLL", 0.05)
    production, staging = "cloud production", "cloud staging"
    holder, other = Lease(staging, SECOND), Lease(production, SECOND)
    assert holder.try_take(files) == ""
    store, has_both, told = str(tmp_path / "store"), threading.Event(), []

    def promote() -> None:
        with held(store, [production, staging], FIRST, threading.Event(), told.append):
            has_both.set()

    promotion = threading.Thread(target=promote)
    promotion.start()
    wait_until(lambda: bool(told), "the promotion waits", 10)
    assert told == ["waiting for worker-2, to work at cloud staging"]
    assert other.try_take(files) == ""
    holder.give_back(files)
    wait_until(lambda: len(told) == 2, "the promotion waits for the other one", 10)
    assert not has_both.is_set()
    assert holder.try_take(files) == ""
    for lease in (holder, other):
        lease.give_back(files)
    promotion.join(10)
    assert has_both.is_set()


def test_what_was_not_taken_is_not_given_back(files: Files) -> None:
    Lease(NAME, FIRST).give_back(files)
    assert files.sizes(".leases/image%20base") == {}
