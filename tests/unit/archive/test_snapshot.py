"""A moment that no archive can have."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from samples import plan

from builder.archive.snapshot import snapshot_of
from builder.errors import InputError


def test_a_moment_that_has_not_come_is_refused_and_nobody_asked(tmp_path: Path) -> None:
    future = replace(plan("base"), snapshot=datetime(2999, 1, 1, tzinfo=UTC))
    with pytest.raises(InputError, match="There is no snapshot of 2999-01-01 00:00 UTC yet"):
        snapshot_of(future, cache=tmp_path, caller={})


def test_without_a_moment_there_is_no_snapshot(tmp_path: Path) -> None:
    assert snapshot_of(plan("base"), cache=tmp_path, caller={}) is None
