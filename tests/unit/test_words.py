from typing import Literal

import pytest
from pydantic import BaseModel, ValidationError

from builder.profile.messages import diagnose
from builder.profile.yaml import parse
from builder.words import counted, did_you_mean, enumeration, nearest, shown


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "nothing"), (True, "true"), ("a\n b", "'a b'"), ({}, "a mapping"), ([], "a list"),
        (3, "3"), ("x" * 100, f"'{'x' * 60}…'"), ("\x1b[1m", "'\ufffd[1m'"),
    ],
)  # fmt: skip
def test_a_value_is_shown_on_one_line(value: object, expected: str) -> None:
    assert shown(value) == expected


def test_the_nearest_word_is_found_whatever_its_case() -> None:
    assert nearest("RESET", ["reset", "pause"]) == "reset"
    assert did_you_mean("Rest", ["reset", "pause"]) == "Did you mean 'reset'?"


def test_no_word_is_better_than_a_far_one() -> None:
    assert did_you_mean("qqq", ["reset", "pause"]) == ""


def test_words_are_listed_as_in_a_sentence() -> None:
    assert enumeration(["a"]) == "a"
    assert enumeration(["a", "b", "c"]) == "a, b or c"
    assert enumeration(["a", "b"], "and") == "a and b"


class Queues(BaseModel):
    number: Literal[2, 4]


def test_a_choice_of_numbers_is_explained_too() -> None:
    with pytest.raises(ValidationError) as caught:
        Queues.model_validate({"number": 3})
    (problem,) = diagnose(caught.value, Queues, parse(b"number: 3", "x.yaml"))
    assert str(problem) == "x.yaml:1:9: number: 3 is not one of 2 or 4."


def test_one_thing_is_no_plural() -> None:
    assert [counted(number, "day") for number in (0, 1, 1.5, 30)] == [
        "0 days",
        "1 day",
        "1.5 days",
        "30 days",
    ]
