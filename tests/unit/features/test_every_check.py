"""Every check that is shipped has been seen to pass and to fail."""

import runpy
from collections.abc import Iterator
from pathlib import Path

from check_cases import FEATURE_OF, Case, Check

HERE = Path(__file__)


def cases() -> Iterator[Case]:
    """What the tests of this folder are parametrised with; their files are run as they stand."""
    for file in sorted(HERE.parent.rglob("test_*.py")):
        content = runpy.run_path(str(file)) if file != HERE else {}
        for test in (value for name, value in content.items() if name.startswith("test_")):
            for mark in getattr(test, "pytestmark", ()):
                if mark.name == "parametrize":
                    yield from (value for value in mark.args[1] if isinstance(value, Case))


def unseen(found: set[Check]) -> list[str]:
    return [
        f"{feature.name}/{check.name}"
        for check, feature in FEATURE_OF.items()
        if check not in found
    ]


def test_every_check_is_seen_to_pass_and_to_fail() -> None:
    found = list(cases())
    assert unseen({case.check for case in found if case.passes}) == []
    assert unseen({case.check for case in found if not case.passes}) == []
