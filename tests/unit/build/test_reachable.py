"""A module reaches what it imports, in whichever way, and nothing else."""

from pathlib import Path

import pytest

from builder.build.reachable import reachable

SOURCES = {
    "__init__.py": "",
    "start.py": "import house.room.one\nimport os\n",
    "room/__init__.py": "from house import spare\n",
    "room/one.py": "from house.room import two\n",
    "room/two.py": "def late():\n    from house.room.three import function\n",
    "room/three.py": "if False:\n    import house.four as anything\n",
    "four.py": "from house import start  # a circle\nimport housekeeping\n",
    "spare.py": "",
    "never.py": "import house.start\n",
    "room/neither.py": "",
}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    for name, source in SOURCES.items():
        path = tmp_path / "house" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return tmp_path / "house"


def names(house: Path, *modules: str) -> set[str]:
    return {str(path.relative_to(house)) for path in reachable(house, modules)}


def test_imports_are_followed_wherever_they_stand(house: Path) -> None:
    assert names(house, "house.start") == set(SOURCES) - {"never.py", "room/neither.py"}


def test_a_module_without_imports_reaches_itself_and_its_packages(house: Path) -> None:
    assert names(house, "house.spare") == {"__init__.py", "spare.py"}


def test_several_reach_what_each_of_them_does(house: Path) -> None:
    assert names(house, "house.spare", "house.room.neither") == {
        *("__init__.py", "spare.py", "room/__init__.py", "room/neither.py"),
    }


@pytest.mark.parametrize("module", ["house.missing", "elsewhere.start", "house.room.one.function"])
def test_a_beginning_that_is_not_there_is_refused(house: Path, module: str) -> None:
    with pytest.raises(FileNotFoundError, match=module):
        reachable(house, [module])
