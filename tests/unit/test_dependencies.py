"""What this program depends on is bounded: a new major version is tried before it is taken."""

import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
REQUIREMENTS = [
    *PROJECT["build-system"]["requires"],
    *PROJECT["project"]["dependencies"],
    *PROJECT["dependency-groups"]["dev"],
]


@pytest.mark.parametrize("text", REQUIREMENTS)
def test_a_dependency_has_a_lower_and_an_upper_bound(text: str) -> None:
    assert {one.operator for one in Requirement(text).specifier} == {">=", "<"}


@pytest.mark.parametrize("text", REQUIREMENTS[1:])
def test_what_is_installed_is_within_the_bounds(text: str) -> None:
    requirement = Requirement(text)
    if requirement.marker is None or requirement.marker.evaluate():
        assert version(requirement.name) in requirement.specifier
