"""What this program depends on is bounded: a new major version is tried before it is taken."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
REQUIREMENTS = [
    *PROJECT["build-system"]["requires"],
    *PROJECT["project"]["dependencies"],
    *PROJECT["dependency-groups"]["install"],
    *PROJECT["dependency-groups"]["dev"],
]


@pytest.mark.parametrize("text", REQUIREMENTS)
def test_a_dependency_has_a_lower_and_an_upper_bound(text: str) -> None:
    assert {specifier.operator for specifier in Requirement(text).specifier} == {">=", "<"}


def locked(name: str) -> dict[str, list[str]]:
    """What a file of ``make lock`` pins, each with the hashes of its files."""
    entries = re.split(r"\n(?=[a-z])", (ROOT / name).read_text(encoding="utf-8"))
    pinned = [entry for entry in entries if "==" in entry]
    return {
        canonicalize_name(entry.partition("==")[0]): re.findall(
            r"--hash=sha256:[0-9a-f]{64}", entry
        )
        for entry in pinned
    }


SERVERS = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("tests/openstack/*.in")]


@pytest.mark.parametrize(
    "name",
    [
        "requirements.txt",
        "requirements-dev.txt",
        "requirements-fleet.txt",
        *(f"{path.removesuffix('.in')}.txt" for path in SERVERS),
    ],
)
def test_everything_that_is_installed_is_known_by_its_hash(name: str) -> None:
    pinned = locked(name)
    least = {"build": 2, "swift": 15, "zuul": 30}
    assert len(pinned) >= least.get(Path(name).stem.rpartition("-")[2], 50)
    assert [name for name, hashes in pinned.items() if not hashes] == []


@pytest.mark.parametrize("name", SERVERS)
def test_every_server_of_the_tests_is_locked(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if not line.startswith("#")]
    pinned = set(locked(f"{name.removesuffix('.in')}.txt"))
    assert {canonicalize_name(requirement.name) for requirement in wanted} - pinned == set()


def test_pip_is_always_asked_for_hashes() -> None:
    installs = [
        line
        for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
        if "pip install" in line
    ]
    assert len(installs) == 5
    unverified = [line for line in installs if "--require-hashes" not in line]
    assert [line for line in unverified if "--no-deps --no-build-isolation" not in line] == []


def test_every_dependency_is_locked() -> None:
    wanted = {canonicalize_name(Requirement(text).name) for text in REQUIREMENTS}
    assert wanted - set(locked("requirements-dev.txt")) == set()
    own = {canonicalize_name(Requirement(text).name) for text in PROJECT["project"]["dependencies"]}
    assert own - set(locked("requirements.txt")) == set()


@pytest.mark.parametrize("text", REQUIREMENTS[1:])
def test_what_is_installed_is_within_the_bounds(text: str) -> None:
    requirement = Requirement(text)
    if requirement.marker is None or requirement.marker.evaluate():
        assert version(requirement.name) in requirement.specifier
