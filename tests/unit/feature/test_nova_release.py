"""Nova's releases: their order and their names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.feature import NovaRelease
from builder.feature.nova_release import CLOUDS, NEWEST, nova_release


def test_releases_are_ordered_by_their_numbers() -> None:
    assert NovaRelease.STEIN < NovaRelease.TRAIN < NovaRelease.ZED < NovaRelease.ANTELOPE < NEWEST
    assert [int(release) for release in NovaRelease] == list(range(3, int(NEWEST) + 1))
    assert CLOUDS[0] is NovaRelease.QUEENS


@pytest.mark.parametrize(
    ("release", "name"),
    [
        (NovaRelease.LIBERTY, "Liberty"),
        (NovaRelease.TRAIN, "Train"),
        (NovaRelease.ZED, "Zed"),
        (NovaRelease.ANTELOPE, "2023.1 (Antelope)"),
        (NovaRelease.EPOXY, "2025.1 (Epoxy)"),
        (NovaRelease.HIBISCUS, "2026.2 (Hibiscus)"),
    ],
)
def test_a_release_is_called_by_its_date_where_it_has_one(release: NovaRelease, name: str) -> None:
    assert str(release) == name


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("2025.1", NovaRelease.EPOXY),
        ("Epoxy", NovaRelease.EPOXY),
        ("31", NovaRelease.EPOXY),
        ("31.0.1", NovaRelease.EPOXY),
        (" train ", NovaRelease.TRAIN),
        ("20.6.1", NovaRelease.TRAIN),
    ],
)
def test_people_name_a_release_in_any_of_its_ways(text: str, release: NovaRelease) -> None:
    assert nova_release(text) is release


@pytest.mark.parametrize(
    "text", ["", "2025", "2025.3", "3", "311", "diablo", "pike", "latest", "99"]
)
def test_what_is_no_release_is_refused_with_what_there_is(text: str) -> None:
    with pytest.raises(ValueError, match=r"they are Queens to 2026\.2"):
        nova_release(text)


@given(st.text())
def test_any_text_is_a_release_or_refused(text: str) -> None:
    try:
        assert nova_release(text) in CLOUDS
    except ValueError as refused:
        assert "not a release of Nova" in str(refused)  # noqa: PT017 - either is right
