import json
import math
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.profile.yaml import Position, SourceError, Value, merge, parse, read


def value(text: str) -> Value:
    return parse(text.encode(), "x.yaml")


def problems(text: str) -> list[str]:
    with pytest.raises(SourceError) as caught:
        value(text)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True), ("False", False), ("yes", "yes"), ("on", "on"), ("12", 12), ("-3", -3),
        ("'12'", "12"), ("1.5", 1.5), ("012", 12), ("1e3", 1000.0), ("1:30", "1:30"), ("x", "x"),
        ("2026-01-01", "2026-01-01"), ("1" * 5000, "1" * 5000), ("|\n  a\n  b\n", "a\nb\n"),
        ("0x1f", "0x1f"), (".nan", ".nan"),
    ],
)  # fmt: skip
def test_a_scalar_means_what_yaml_1_2_says(text: str, expected: object) -> None:
    assert value(f"a: {text}").plain() == {"a": expected}


def test_a_float_out_of_range_is_infinite_and_no_error() -> None:
    assert value("a: 1e999").plain() == {"a": math.inf}


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_a_key_without_a_value_is_left_out(text: str) -> None:
    assert value(f"a: {text}\nb: 1").plain() == {"b": 1}


def test_every_value_and_key_knows_its_place() -> None:
    tree = value("a:\n  - x\n  - bb: 1\n")
    assert isinstance(tree.content, dict)
    assert tree.keys["a"] == Position("x.yaml", 1, 1)
    items = tree.content["a"].content
    assert isinstance(items, list)
    assert items[1].keys["bb"] == Position("x.yaml", 3, 5)
    assert isinstance(items[1].content, dict)
    assert items[1].content["bb"].position == Position("x.yaml", 3, 9)


def test_a_byte_order_mark_is_skipped() -> None:
    assert parse("\ufeffa: 1".encode(), "x.yaml").plain() == {"a": 1}


def test_all_problems_come_at_once_in_the_order_of_lines() -> None:
    found = problems("b: &x 1\na: *x\na: !t 2\n")
    assert [problem.split(" ")[0] for problem in found] == [
        "x.yaml:2:4:",
        "x.yaml:3:1:",
        "x.yaml:3:4:",
    ]


def test_a_syntax_error_does_not_hide_the_problems_before_it() -> None:
    found = problems("a: 1\na: 2\nb: [\n")
    assert len(found) == 2


def test_a_file_that_is_not_there_has_no_place_in_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "gone", "gone")


def test_merging_goes_key_by_key_and_the_child_wins() -> None:
    merged = merge(value("a: {x: 1, y: 2}\nb: 1"), value("a: {y: 3}\nc: [1]"))
    assert merged.plain() == {"a": {"x": 1, "y": 3}, "b": 1, "c": [1]}


def test_merging_adds_lists_up_without_repetition() -> None:
    assert merge(value("[1, 2]"), value("[2, 3]")).plain() == [1, 2, 3]


def test_merging_another_type_replaces_the_parents() -> None:
    assert merge(value("a: [1]"), value("a: {b: 1}")).plain() == {"a": {"b": 1}}


def test_a_merged_value_keeps_its_own_place() -> None:
    parent = parse(b"a: 1\nb: 2", "parent.yaml")
    merged = merge(parent, parse(b"\nb: 3", "child.yaml"))
    assert isinstance(merged.content, dict)
    assert str(merged.content["a"].position) == "parent.yaml:1:4"
    assert str(merged.content["b"].position) == "child.yaml:2:4"
    assert str(merged.keys["b"]) == "child.yaml:2:1"


NAMES = st.text(string.printable, max_size=8)
PLAIN = st.recursive(
    st.booleans() | st.integers(-(10**17), 10**17) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=10,
)


@given(data=st.dictionaries(NAMES, PLAIN, min_size=1))
def test_what_json_writes_reads_back_the_same(data: object) -> None:
    assert value(json.dumps(data)).plain() == data
