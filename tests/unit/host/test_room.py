import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from builder.host.room import GIB, LITTLE, MIB, NOTHING, Room, size


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def room(path: Path, needed: int = GIB) -> Room:
    return Room.of(path, needed=needed, work="a build", remedy="make room")


def test_a_path_that_is_not_there_yet_has_the_room_of_what_is_above_it(tmp_path: Path) -> None:
    found = room(tmp_path / "not" / "yet")
    assert found.name == str(tmp_path / "not" / "yet")
    assert abs(found.free - shutil.disk_usage(tmp_path).free) < GIB
    assert found.inodes


def test_a_relative_path_is_one_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert room(Path("not/yet")).free > 0


def test_a_file_system_that_does_not_count_has_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ramfs, and some of FUSE."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, 0))
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result([4096, 4096] + [0] * 8))
    assert room(tmp_path).suffices


def test_one_without_a_free_inode_has_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = [4096, 4096, 1000, 1000, 1000, 100, 0, 0, 0, 255]
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(counts))
    found = room(tmp_path, needed=1)
    assert not found.suffices
    assert found.is_little
    assert found.is_nothing


@pytest.mark.parametrize(
    ("free", "little", "nothing"),
    [(0, True, True), (NOTHING, True, False), (LITTLE - 1, True, False), (LITTLE, False, False)],
)
def test_what_is_full_has_little_left(free: int, *, little: bool, nothing: bool) -> None:
    found = Room("/x", free, GIB, "a build", "make room")
    assert (found.is_little, found.is_nothing) == (little, nothing)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 MiB"), (64 * MIB, "64 MiB"), (2 * GIB, "2 GiB"), (GIB + GIB // 2, "1.5 GiB")],
)
def test_sizes_are_told_in_the_unit_that_fits(count: int, text: str) -> None:
    assert size(count) == text
