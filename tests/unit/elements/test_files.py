"""What an element consists of, and which elements there are."""

from pathlib import Path

import pytest
from element_files import ELEMENTS, NAMES, OURS, THEIRS, name

from builder.features.registry import FOUNDATION, shipped
from builder.plan.merge import TREE_ELEMENT
from builder.profile.packages import FILE_NAME as CONFLICTS


@pytest.mark.parametrize("element", ELEMENTS, ids=name)
def test_an_element_has_a_readme_under_its_own_heading(element: Path) -> None:
    lines = (element / "README.rst").read_text().splitlines()
    heading = next(index for index, line in enumerate(lines) if line == element.name)
    assert set(lines[heading + 1]) == {"="}
    assert len(lines[heading + 1]) >= len(element.name)
    assert any(line.strip() for line in lines[heading + 2 :])


@pytest.mark.parametrize("file", sorted(OURS.glob("*/element-*")), ids=name)
def test_the_elements_that_an_element_names_exist(file: Path) -> None:
    assert file.name in {"element-deps", "element-provides"}
    named = file.read_text().split()
    assert named
    missing = [
        element for element in named if element not in NAMES and not (THEIRS / element).is_dir()
    ]
    assert missing == []


NEEDS = {
    "package-installs.yaml": "package-installs",
    "pkg-map": "pkg-map",
    "svc-map": "svc-map",
}


@pytest.mark.parametrize(
    "file", sorted(path for kind in NEEDS for path in OURS.glob(f"*/{kind}")), ids=name
)
def test_an_element_depends_on_the_element_that_reads_its_file(file: Path) -> None:
    assert NEEDS[file.name] in (file.parent / "element-deps").read_text().split()


@pytest.mark.parametrize("element", ELEMENTS, ids=name)
def test_an_element_has_no_file_that_nothing_reads(element: Path) -> None:
    understood = {"README.rst", "element-deps", "element-provides", CONFLICTS, *NEEDS}
    assert {path.name for path in element.iterdir() if path.is_file()} <= understood
    directories = {path.name for path in element.iterdir() if path.is_dir()}
    assert all(directory.endswith(".d") for directory in directories)


def test_every_element_is_used_by_a_feature_and_every_used_one_exists() -> None:
    features = (FOUNDATION, *(registered.feature for registered in shipped().values()))
    used = {TREE_ELEMENT, *(element for feature in features for element in feature.elements)}
    assert used == NAMES
