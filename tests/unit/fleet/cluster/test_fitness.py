"""What keeps a machine from a step that another one may do."""

from datetime import timedelta
from pathlib import Path

import pytest

from builder.fleet.cluster.fitness import UnfitError, require_clock, require_room, rooms
from builder.fleet.graph import Kind, Step
from builder.fleet.perform import Place
from builder.host.room import GIB, Room


def room(name: str, free: int) -> Room:
    return Room(name, free, GIB, "a build", "make room")


@pytest.mark.parametrize(
    ("hours", "told"), [(1, "is 60 minutes ahead of the"), (-1, "is 60 minutes behind the")]
)
def test_a_clock_an_hour_off_is_refused(hours: int, told: str) -> None:
    with pytest.raises(UnfitError, match=told):
        require_clock(timedelta(hours=hours))


@pytest.mark.parametrize("seconds", [-59, 0, 59])
def test_clocks_may_be_a_little_apart(seconds: int) -> None:
    require_clock(timedelta(seconds=seconds))


def test_the_place_without_room_is_named_and_what_failed_by_it_is_kept() -> None:
    with pytest.raises(UnfitError) as caught:
        require_room(room("/a", GIB), room("/b", 5 << 20), failed=["build of base failed."])
    assert caught.value.message == (
        "There is too little room: /b has 5 MiB free, a build needs 1 GiB."
    )
    assert caught.value.details == ("build of base failed.",)
    assert caught.value.hint == "Remedy: make room."


def test_with_room_enough_nothing_is_said() -> None:
    require_room(room("/a", GIB))


@pytest.mark.parametrize(
    ("kind", "count"), [(Kind.BUILD, 2), (Kind.PROOF, 2), (Kind.STAGING, 1), (Kind.CLOUD_PROOF, 1)]
)
def test_a_step_writes_in_places_of_its_kind(kind: Kind, count: int, tmp_path: Path) -> None:
    found = rooms(Step("base", kind), Place(tmp_path / "dist"))
    assert len(found) == count
    assert found[0].name == str(tmp_path / "dist")
