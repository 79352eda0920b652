import sys
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

import pytest

from builder.errors import InputError
from builder.feature import Feature, Parameters
from builder.features.registry import (
    ENTRY_POINT_GROUP,
    FOUNDATION,
    SHIPPED,
    shipped,
    with_entry_points,
)

EVERY: list[Feature[Any]] = [FOUNDATION, *SHIPPED]


class Nothing(Parameters):
    """No parameters."""


def point(monkeypatch: pytest.MonkeyPatch, name: str, content: object) -> EntryPoint:
    module = ModuleType(f"other_{name.replace('-', '_')}")
    module.FEATURE = content  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return EntryPoint(name, f"{module.__name__}:FEATURE", ENTRY_POINT_GROUP)


def feature(name: str) -> Feature[Nothing]:
    return Feature(name=name, summary="does something", parameters=Nothing)


def test_a_feature_of_another_package_joins_the_shipped_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry = with_entry_points([point(monkeypatch, "gpu", feature("gpu"))])
    assert [*registry] == [*shipped(), "gpu"]
    assert "other_gpu:FEATURE" in registry["gpu"].origin


def test_two_features_of_one_name_are_refused_with_both_origins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points = [
        point(monkeypatch, "one", feature("gpu")),
        point(monkeypatch, "two", feature("gpu")),
    ]
    with pytest.raises(InputError, match=r"'gpu' is given by .*other_one.* and by .*other_two"):
        with_entry_points(points)


@pytest.mark.parametrize("name", ["watchdog", "foundation"])
def test_a_shipped_name_cannot_be_taken(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=f"'{name}' is given by guest-image-builder itself"):
        with_entry_points([point(monkeypatch, "mine", feature(name))])


def test_every_broken_entry_point_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        point(monkeypatch, "text", "no feature"),
        EntryPoint("gone", "no.such.module:FEATURE", ENTRY_POINT_GROUP),
    ]
    with pytest.raises(InputError) as caught:
        with_entry_points(points)
    text = str(caught.value)
    assert "is not a Feature but a str" in text
    assert "cannot be loaded: ModuleNotFoundError" in text


@pytest.mark.parametrize("feature", EVERY, ids=[feature.name for feature in EVERY])
def test_a_shipped_features_checks_have_names_of_their_own(feature: Feature[Parameters]) -> None:
    names = [check.name for check in feature.inspections] + [check.name for check in feature.probes]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("feature", EVERY, ids=[feature.name for feature in EVERY])
def test_a_shipped_feature_has_probes_or_says_why_not(feature: Feature[Parameters]) -> None:
    assert bool(feature.probes) != bool(feature.no_probe_reason)
