"""Questions side by side: their order, their limit, and what is told where one fails."""

import threading
from collections.abc import Callable, Iterator

import pytest

from builder.doctor.ask import Question, ask_in_parallel
from builder.doctor.finding import Finding, State, good
from builder.errors import HostError


def waiting(subject: str, wait: Callable[[], object] = lambda: None) -> Question:
    def ask() -> Iterator[Finding]:
        wait()
        yield good(subject, "It is there.")

    return Question(subject, ask)


def test_answers_come_in_the_order_of_the_questions_and_are_waited_for_together() -> None:
    together = threading.Barrier(2).wait
    questions = [waiting("a", together), waiting("b"), waiting("c", together)]
    found = ask_in_parallel(questions, limit=60)
    assert [(finding.subject, finding.state) for finding in found] == [
        (name, State.GOOD) for name in "abc"
    ]


def test_what_hangs_is_told_and_the_others_are_heard() -> None:
    never = threading.Event()
    try:
        questions = [waiting("hung", never.wait), waiting("other")]
        hung, other = ask_in_parallel(questions, limit=2)
    finally:
        never.set()
    assert (hung.subject, hung.state) == ("hung", State.LACKING)
    assert hung.seen.startswith("There was no answer within ")
    assert other.state is State.GOOD


def test_an_error_is_what_lacks_with_its_own_remedy() -> None:
    def ask() -> Iterator[Finding]:
        yield good("first", "This is lost: the answer is one.")
        raise HostError("No space.", details=["None at all."], hint="Make some.")

    (found,) = ask_in_parallel([Question("space", ask)])
    assert (found.subject, found.state) == ("space", State.LACKING)
    assert (found.seen, found.remedy) == ("No space. None at all.", "Make some.")


def test_an_error_of_the_system_is_what_lacks() -> None:
    def ask() -> Iterator[Finding]:
        raise PermissionError(13, "Permission denied", "/secret")

    (found,) = ask_in_parallel([Question("space", ask)])
    assert "Permission denied" in found.seen


def test_a_defect_stays_one() -> None:
    def ask() -> Iterator[Finding]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_in_parallel([Question("x", ask)])
