"""When a release file was made, and whether it is one that was valid at a moment. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from builder.words import day_of


def made(said: Mapping[str, str]) -> datetime | None:
    """When the release file with these fields was made; None where it does not tell."""
    return _time(said.get("Date", ""))


def untimely(said: Mapping[str, str], at: datetime) -> str:
    """Why a release file is none that an archive had, valid, at a moment; empty where it is."""
    date, until = made(said), said.get("Valid-Until")
    if date is None:
        return "Its release file does not say of when it is."
    if date > at:
        return f"Its release file is of {day_of(date)}."
    if until is not None:
        end = _time(until)
        if end is None or end < at:
            told = "a day that is none" if end is None else day_of(end)
            return f"Its release file is of {day_of(date)}, and was valid until {told}."
    return ""


def _time(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None
