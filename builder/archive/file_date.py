"""Since when a mirror has files, as it says itself: mirrors keep the dates of the archive."""

import http.client
import time
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

ANSWER_LIMIT = 2.0
"""Seconds for one answer."""


def file_dates(addresses: Mapping[str, str], *, limit: float) -> dict[str, datetime]:
    """When the files behind http and https addresses were last modified, by the same names.

    What cannot be found out within ``limit`` seconds is left out.
    """
    until = time.monotonic() + limit
    found = {}
    for name, address in addresses.items():
        left = until - time.monotonic()
        if left <= 0:
            break
        date = _file_date(address, min(left, ANSWER_LIMIT))
        if date is not None:
            found[name] = date
    return found


def date_of(text: str) -> datetime | None:
    """A date as mail, HTTP and release files write it; None for what is none."""
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _file_date(address: str, limit: float) -> datetime | None:
    try:
        request = urllib.request.Request(address, method="HEAD")  # noqa: S310 - of a mirror
        with urllib.request.urlopen(request, timeout=limit) as answer:  # noqa: S310 - as above
            return date_of(answer.headers.get("Last-Modified", ""))
    except (OSError, ValueError, http.client.HTTPException):
        return None
