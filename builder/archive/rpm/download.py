"""Fetches a file from a mirror, within limits on its size and on time."""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from typing import IO

ANSWER_LIMIT = 30.0
"""Seconds without a byte."""
_BLOCK = 1 << 16

Headers = Mapping[str, str]
_FAILURES = (OSError, ValueError, http.client.HTTPException)


class DownloadError(Exception):
    """Why a file could not be had."""


def download(
    address: str, into: IO[bytes], *, most: int, until: float, conditions: Headers
) -> Headers | None:
    """Write what is at an address, and return what was said of it; None where nothing is new.

    ``conditions`` are HTTP's (RFC 9110, 13), ``until`` is a moment of ``time.monotonic``. Raises
    ``DownloadError`` where it cannot be had by then, or has more than ``most`` bytes. The proxies
    are those of the environment.
    """
    limit = _left(until)
    try:
        request = urllib.request.Request(address, headers=dict(conditions))  # noqa: S310 - a mirror
        answer = urllib.request.urlopen(request, timeout=limit)  # noqa: S310 - as above
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == HTTPStatus.NOT_MODIFIED:
            return None
        raise DownloadError(f"HTTP {error.code} {error.reason}") from error
    except _FAILURES as error:
        raise DownloadError(_why(error)) from error
    with answer:
        size = 0
        while block := _block(answer, until):
            size += len(block)
            if size > most:
                raise DownloadError(f"it has more than the {most} bytes that it may have")
            into.write(block)
        return dict(answer.headers)


def _block(answer: http.client.HTTPResponse, until: float) -> bytes:
    _left(until)
    try:
        return answer.read1(_BLOCK)
    except _FAILURES as error:
        raise DownloadError(_why(error)) from error


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise DownloadError("it took too long")
    return min(left, ANSWER_LIMIT)


def _why(error: Exception) -> str:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return str(reason) or type(reason).__name__
