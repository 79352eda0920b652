"""Sets of CPUs as Nova writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.nova.cpu_set import cpu_mask, cpu_set, is_cpu_set


@pytest.mark.parametrize(
    ("text", "cpus"),
    [("0-3,^1,7", {0, 2, 3, 7}), (" 2 , 1-1,", {1, 2}), ("^0", set()), ("1-4,^2-3", {1, 4})],
)
def test_a_set_names_cpus(text: str, cpus: set[int]) -> None:
    assert cpu_set(text) == cpus
    assert is_cpu_set(text)


@pytest.mark.parametrize("text", ["3-1", "a", "1-", "-1", "1-2-3", "^", "0-99999", "١"])
def test_what_is_no_set_is_none(text: str) -> None:
    assert cpu_set(text) is None
    assert not is_cpu_set(text)


@pytest.mark.parametrize("text", ["", " , "])
def test_a_set_says_something(text: str) -> None:
    assert not is_cpu_set(text)


def test_a_mask_that_begins_with_an_exclusion_excludes_from_all() -> None:
    assert cpu_mask("^0", 4) == {1, 2, 3}
    assert cpu_mask("0,^0", 4) == frozenset()
    assert cpu_mask("5", 4) == {5}


@given(st.text())
def test_any_text_is_a_set_or_none(text: str) -> None:
    assert is_cpu_set(text) <= (cpu_set(text) is not None)


@given(st.frozensets(st.integers(0, 300), min_size=1))
def test_a_set_is_read_as_it_was_written(cpus: frozenset[int]) -> None:
    assert cpu_set(",".join(map(str, cpus))) == cpus
