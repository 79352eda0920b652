"""Whether another publisher is still at work."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from cloud_images import day, image

from builder.errors import HostError
from builder.publish.cloud import lease
from builder.publish.cloud.image import PUBLISHER, CloudImage

NOW = day(5)


def draft(publisher: str, *, idle: timedelta, status: str = "queued") -> CloudImage:
    return image("new", status=status, updated=NOW - idle, properties={PUBLISHER: publisher})


def test_a_publisher_that_holds_its_lock_is_at_work(tmp_path: Path) -> None:
    with lease.held(tmp_path) as name:
        assert lease.at_work(draft(name, idle=timedelta(days=9)), tmp_path, now=NOW)


def test_one_of_this_machine_that_does_not_was_killed(tmp_path: Path) -> None:
    with lease.held(tmp_path) as name:
        pass
    assert not lease.at_work(draft(name, idle=timedelta(0)), tmp_path, now=NOW)


def test_one_that_was_killed_is_seen_by_its_directory_that_is_left(tmp_path: Path) -> None:
    with lease.held(tmp_path) as name:
        pass
    (tmp_path / f"publisher-{name.partition('-')[2]}").mkdir()
    assert not lease.at_work(draft(name, idle=timedelta(0)), tmp_path, now=NOW)
    with lease.held(tmp_path):
        assert len(list(tmp_path.glob("publisher-*"))) == 1


def test_one_of_another_machine_is_at_work_for_a_while(tmp_path: Path) -> None:
    for status, minutes in (("queued", 10), ("active", 10), ("saving", 24 * 60)):
        young = draft("other-x", idle=timedelta(minutes=minutes - 1), status=status)
        old = draft("other-x", idle=timedelta(minutes=minutes + 1), status=status)
        assert lease.at_work(young, tmp_path, now=NOW)
        assert not lease.at_work(old, tmp_path, now=NOW)


def test_a_home_that_is_emptied_meanwhile_is_no_error(tmp_path: Path) -> None:
    with lease.held(tmp_path / "home"):
        shutil.rmtree(tmp_path / "home")


def test_a_home_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "identity").mkdir()  # as a file that may not be read, and for root too
    with pytest.raises(HostError, match="Could not make or write") as error, lease.held(tmp_path):
        pass
    assert "GUEST_IMAGE_CACHE" in error.value.hint
