import errno
import fcntl
import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from builder.errors import HostError, InputError
from builder.store import build_directory
from builder.store.build_directory import (
    LATEST,
    LOG,
    build_name,
    find_build,
    point_latest_at,
    workplace,
)
from builder.store.manifest import FILE_NAME

PROFILE = "pinned-scsi"
DIGEST = "3f9c2a"

WAITING_BUILD = f"""
import sys
from pathlib import Path
from builder.store.build_directory import workplace
with workplace(Path(sys.argv[1]), {PROFILE!r}, {DIGEST!r}) as place:
    place.log.write_text("begun")
    (place.scratch / "large").write_text("x")
    print(place.directory.parent, flush=True)
    sys.stdin.read()
"""


@contextmanager
def build_elsewhere(
    dist: Path, patience: float | None = None
) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A build in another process, which is in its midst until its standard input ends.

    With some patience, go on after so many seconds even if it has not begun.
    """
    with subprocess.Popen(
        [sys.executable, "-c", WAITING_BUILD, dist],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        begun, _, _ = select.select([process.stdout], [], [], patience)
        try:
            yield process, Path(process.stdout.readline().strip() if begun else "")
        finally:
            process.kill()


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    return tmp_path / "dist"


def entries(dist: Path) -> set[str]:
    return {path.name for path in (dist / PROFILE).iterdir()}


def complete(dist: Path, digest: str = DIGEST) -> Path:
    with workplace(dist, PROFILE, digest) as place:
        place.log.write_text("all of it")
        (place.directory / FILE_NAME).write_text("{}")
        (place.scratch / "large").write_text("x")
    return dist / PROFILE / place.name


def fail(dist: Path, error: BaseException, *, log: bool = True) -> str:
    name = ""

    def begin() -> None:
        nonlocal name
        with workplace(dist, PROFILE, DIGEST) as place:
            name = place.name
            if log:
                place.log.write_text("the last words")
            (place.directory / "image.qcow2").write_text("half of it")
            raise error

    with pytest.raises(type(error)):
        begin()
    return name


# ---- a build that succeeds


def test_a_complete_build_has_its_directory_and_latest_and_nothing_else(dist: Path) -> None:
    build = complete(dist)
    assert entries(dist) == {build.name, LATEST}
    assert {path.name for path in build.iterdir()} == {LOG, FILE_NAME}
    assert (dist / PROFILE / LATEST).resolve() == build


def test_a_build_has_no_final_name_before_it_is_complete(dist: Path) -> None:
    with workplace(dist, PROFILE, DIGEST) as place:
        assert not (dist / PROFILE / place.name).exists()
        assert not (dist / PROFILE / LATEST).exists()


def test_a_build_s_name_is_the_time_in_utc_and_the_digest() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    time_, _, digest = build_name(datetime.now(UTC), DIGEST).partition("-")
    assert digest == DIGEST
    assert datetime.strptime(time_, "%Y%m%dT%H%M%S%z") >= before


def test_latest_is_a_relative_link_so_that_dist_can_be_moved(dist: Path, tmp_path: Path) -> None:
    build = complete(dist)
    dist.rename(tmp_path / "moved")
    assert (tmp_path / "moved" / PROFILE / LATEST / FILE_NAME).is_file()
    assert (tmp_path / "moved" / PROFILE / LATEST).resolve().name == build.name


# ---- a build that fails


@pytest.mark.parametrize("error", [RuntimeError(), KeyboardInterrupt(), OSError(28, "full")])
def test_a_failed_build_leaves_only_its_log(dist: Path, error: BaseException) -> None:
    name = fail(dist, error)
    assert entries(dist) == {f"{name}.failed"}
    kept = dist / PROFILE / f"{name}.failed"
    assert {path.name: path.read_text() for path in kept.iterdir()} == {LOG: "the last words"}


def test_a_build_that_failed_before_its_log_leaves_nothing(dist: Path) -> None:
    fail(dist, RuntimeError(), log=False)
    assert entries(dist) == set()


def test_a_failed_build_leaves_latest_where_it_was(dist: Path) -> None:
    good = complete(dist)
    fail(dist, RuntimeError())
    assert (dist / PROFILE / LATEST).resolve() == good


def test_the_next_build_removes_the_log_of_a_failed_one(dist: Path) -> None:
    fail(dist, RuntimeError())
    build = complete(dist)
    assert entries(dist) == {build.name, LATEST}


# ---- a build that is killed, and one that runs


def test_the_next_build_removes_what_a_killed_one_left(dist: Path) -> None:
    with build_elsewhere(dist) as (process, partial):
        process.kill()
        process.wait()
        assert (partial / "scratch/large").exists()
        build = complete(dist)
    assert entries(dist) == {build.name, LATEST}


def test_a_build_that_runs_is_left_alone(dist: Path) -> None:
    with build_elsewhere(dist) as (_, partial):
        complete(dist, "aaaaaa")
        assert (partial / "scratch/large").exists()
        assert (partial / "build" / LOG).read_text() == "begun"


def test_two_builds_at_once_both_become_complete(dist: Path) -> None:
    with build_elsewhere(dist) as (process, _):
        mine = complete(dist, "aaaaaa")
        process.communicate(timeout=10)
        assert process.returncode == 0
    names = {name for name in entries(dist) if name != LATEST}
    assert len(names) == 2
    assert mine.name in names


def test_a_build_that_begins_is_no_leftover_to_one_that_begins_at_the_same_moment(
    dist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = fcntl.flock
    with ExitStack() as stack:
        begun: list[object] = []

        def flock(handle: int, operation: int) -> None:
            if not begun and list(dist.glob("*/.*.partial")):
                # The moment between a build's first directory and its lock.
                begun.append(stack.enter_context(build_elsewhere(dist, patience=1)))
            lock(handle, operation)

        monkeypatch.setattr(fcntl, "flock", flock)
        build = complete(dist, "aaaaaa")
        assert begun
        assert (build / FILE_NAME).exists()


def test_builds_of_the_same_second_and_inputs_both_become_complete(
    dist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_directory, "build_name", lambda _, digest: f"2026-{digest}")
    with build_elsewhere(dist):
        first = complete(dist)
        second = complete(dist)
    assert first != second
    assert (first / FILE_NAME).exists()
    assert (second / FILE_NAME).exists()


# ---- latest


def test_latest_always_resolves_while_it_is_replaced(dist: Path) -> None:
    home = dist / PROFILE
    targets = [home / f"{number:03d}" for number in range(300)]
    for target in targets:
        target.mkdir(parents=True)
    point_latest_at(targets[0])
    done = threading.Event()
    missing = 0

    def watch() -> int:
        nonlocal missing
        looks = 0
        while not done.is_set():
            looks += 1
            missing += not (home / LATEST).is_dir()
        return looks

    with ThreadPoolExecutor(1) as pool:
        looks = pool.submit(watch)
        for target in targets:
            point_latest_at(target)
        done.set()
        assert looks.result() > 0
    assert missing == 0
    assert (home / LATEST).resolve() == targets[-1]
    assert len(list(home.iterdir())) == len(targets) + 1


def test_latest_stays_at_a_build_that_began_later(dist: Path) -> None:
    home = dist / PROFILE
    older, newer = home / "20260101T000000Z-b", home / "20260101T000001Z-a"
    for build in (older, newer):
        build.mkdir(parents=True)
    point_latest_at(newer)
    point_latest_at(older)
    assert (home / LATEST).resolve() == newer
    newer.rmdir()
    point_latest_at(older)
    assert (home / LATEST).resolve() == older


def test_latest_leaves_a_build_that_was_made_before_the_clock_was_set_back(dist: Path) -> None:
    home = dist / PROFILE
    ahead = home / f"{datetime.now(UTC) + timedelta(days=400):%Y%m%dT%H%M%SZ}-{DIGEST}"
    ahead.mkdir(parents=True)
    point_latest_at(ahead)
    first = complete(dist)
    assert (home / LATEST).resolve() == first
    second = complete(dist)
    point_latest_at(first)
    assert (home / LATEST).resolve() == second


def test_a_link_that_a_killed_build_left_does_not_stop_the_next_one(dist: Path) -> None:
    home = dist / PROFILE
    (home / "one").mkdir(parents=True)
    (home / f".{LATEST}.{os.getpid()}").symlink_to("nowhere")
    point_latest_at(home / "one")
    assert (home / LATEST).resolve() == home / "one"


# ---- finding a build


def test_a_build_is_found_by_directory_by_manifest_and_by_profile(dist: Path) -> None:
    build = complete(dist)
    assert find_build(str(build), dist) == build
    assert find_build(str(build / FILE_NAME), dist) == build
    assert find_build(str(dist / PROFILE / LATEST), dist) == build
    assert find_build(PROFILE, dist) == build


def test_a_profile_that_was_not_built_is_refused_with_those_that_were(dist: Path) -> None:
    complete(dist)
    with pytest.raises(InputError) as caught:
        find_build("base", dist)
    assert caught.value.message == "There is no build 'base'."
    assert caught.value.details == (f"Profiles built in {dist}: {PROFILE}.",)
    assert "guest-image build base" in caught.value.hint


def test_a_directory_without_a_manifest_is_no_build(dist: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither a build directory nor a file"):
        find_build(str(tmp_path), dist)


@pytest.mark.parametrize("word", ["./missing.qcow2", "missing.img", "dist/none"])
def test_a_file_that_is_not_there_is_called_a_file(dist: Path, word: str) -> None:
    with pytest.raises(InputError) as caught:
        find_build(word, dist)
    assert caught.value.message == f"There is neither a build directory nor a file '{word}'."
    assert "guest-image build" not in caught.value.hint


def test_a_failed_build_is_no_build(dist: Path) -> None:
    fail(dist, RuntimeError())
    with pytest.raises(InputError):
        find_build(PROFILE, dist)


def test_a_word_longer_than_any_file_name_is_no_build(dist: Path) -> None:
    with pytest.raises(InputError):
        find_build("x" * 5000, dist)


@pytest.mark.parametrize("name", ["symlink_to", "mkdir"])
def test_a_file_system_where_no_build_can_work_is_told(
    dist: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is mounted read-only, or has no symbolic links."""
    complete(dist)
    before = entries(dist)
    allowed = getattr(Path, name)

    def refuse(path: Path, *words: object, **options: object) -> None:
        if ".partial" in str(path):
            raise OSError(errno.EPERM, os.strerror(errno.EPERM), path)
        allowed(path, *words, **options)

    monkeypatch.setattr(Path, name, refuse)
    with pytest.raises(HostError, match="No build can work") as caught:
        complete(dist)
    assert "Operation not permitted" in caught.value.details[0]
    assert "--output" in caught.value.hint
    assert entries(dist) == before


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(HostError, match=r"file/base\.\n(?s:.*)--output"),
        workplace(tmp_path / "file", "base", "3f9c2a"),
    ):
        pass
