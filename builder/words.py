"""Words for error messages: how a value is shown, which known word was probably meant."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches

SHOWN_CHARACTERS = 60
SHOWN_REASONS = 12


def shown(value: object) -> str:
    """A value as its author would recognise it, on one line."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            line = one_line(value)
            return f"'{line if len(line) <= SHOWN_CHARACTERS else line[:SHOWN_CHARACTERS] + '…'}'"
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return str(value)[:SHOWN_CHARACTERS]


def printable(text: str) -> str:
    """Text that cannot disturb a terminal or break a line: other characters become ``�``."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def printable_lines(text: str) -> str:
    """The same of text that may have several lines, and tabs."""
    return "".join(
        character if character in "\n\t" or character.isprintable() else "\ufffd"
        for character in text
    )


def one_line(text: str) -> str:
    """Text of any kind as one line, which cannot disturb a terminal."""
    return printable(" ".join(text.split()))


def nearest(word: str, candidates: Iterable[str]) -> str:
    """The known word that is most like ``word``, whatever its case, or the empty string."""
    by_fold = {candidate.casefold(): candidate for candidate in candidates}
    close = get_close_matches(word[:SHOWN_CHARACTERS].casefold(), by_fold, n=1)
    return by_fold[close[0]] if close else ""


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """The question that names the nearest known word, or the empty string."""
    close = nearest(word, candidates)
    return f"Did you mean '{close}'?" if close else ""


def counted(number: float, noun: str, several: str = "") -> str:
    """A number of things: ``1 day``, ``2 days``; ``several`` is a plural that is not so formed."""
    return f"{number:g} {noun if number == 1 else several or f'{noun}s'}"


def enumeration(words: Iterable[str], conjunction: str = "or") -> str:
    """Words as a sentence lists them, at least one: ``a, b or c``."""
    *first, last = words
    return f"{', '.join(first)} {conjunction} {last}" if first else last


def shortened(reasons: Iterable[str]) -> list[str]:
    """As many reasons as an error has room for, and how many more there are."""
    told = list(reasons)
    more = len(told) - SHOWN_REASONS
    return [*told[:SHOWN_REASONS], *([f"… and {more} more reasons"] if more > 0 else [])]


def day_of(moment: datetime) -> str:
    """A moment as it is told."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def span(limit: timedelta) -> str:
    """A time span as an option names it: ``30 days``, ``1 hour``."""
    days, hours = limit / timedelta(days=1), limit / timedelta(hours=1)
    return counted(days, "day") if days >= 1 else counted(hours, "hour")


def age(span: timedelta) -> str:
    """How old something is, in whole days or hours: ``3 days``, ``5 hours``."""
    hours = max(timedelta(), span) // timedelta(hours=1)
    return counted(hours // 24, "day") if hours >= 24 else counted(hours, "hour")  # noqa: PLR2004
