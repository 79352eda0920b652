"""Fleets whose verbs are fakes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from fake_fleet import FakeFleet, fake_fleet


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], FakeFleet]:
    """Make a fleet of a matrix, with fakes that have what their images want."""
    return partial(fake_fleet, tmp_path, monkeypatch)
