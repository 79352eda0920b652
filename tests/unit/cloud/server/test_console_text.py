from hypothesis import given
from hypothesis import strategies as st

from builder.cloud.server.console_text import LIMIT, joined

TAIL = 3000
"""Characters of a console that are shown: Nova's 102400 would make these texts long."""


def test_what_is_shown_again_is_there_once() -> None:
    assert joined("", "a\nb\n") == "a\nb\n"
    assert joined("a\nb\n", "a\nb\n") == "a\nb\n"
    assert joined("a\nb\n", "a\nb\nc\n") == "a\nb\nc\n"


@given(st.lists(st.integers(1, 400), max_size=30))
def test_a_console_whose_beginning_goes_is_known_from_its_beginning(steps: list[int]) -> None:
    whole = "".join(f"[{number:6}] a line of the kernel\n" for number in range(400))
    text, end = "", 0
    for step in steps:
        end += step
        text = joined(text, whole[max(0, end - TAIL) : end])
    assert text == whole[:end]


def test_a_server_that_is_made_anew_begins_a_line() -> None:
    assert joined("first boot", "second boot") == "first boot\nsecond boot"
    assert joined("first boot", "") == "first boot"


def test_no_more_is_kept_than_can_be_read() -> None:
    text = joined("", "x" * (LIMIT + 5))
    assert len(text) == LIMIT
    assert joined(text, "y") == text
