"""What a cloud may answer: from where, for how long, and how much.

A hook of requests, so that it sees every answer: those of discovery and authentication, too.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from builder.errors import CloudError
from builder.publish.cloud.remedies import UNAUTHORIZED, UNAVAILABLE

OPERATION_LIMIT = 900.0
"""Seconds for one operation as a whole, with all of its requests, where it has no size."""
SLOWEST = 100_000
"""Bytes a second: whoever sends or takes an image's data more slowly is given up."""
LONGEST = 64 << 20
"""Bytes of an answer that is no image's data: Glance gives a page of 100 images in one."""
PIECE = 1 << 16
DATA = "application/octet-stream"
"""What an image's data comes as; it alone is not read before it is asked for."""
BUSY_LIMIT = 30
"""Seconds that are waited at most when a cloud says when to come again."""

_PORTS = {"http": 80, "https": 443}


class Answers:
    """Looks at each answer of a cloud as it comes. ``say`` is told when the cloud is busy."""

    def __init__(self, cloud: str, say: Callable[[str], None]) -> None:
        self.status = 0
        """Of the latest answer."""
        self._cloud = cloud
        self._say = say
        self._deadline = float("inf")
        self._limit = 0.0
        self._what = ""
        self._has_token = False

    @contextmanager
    def operation(self, what: str, seconds: float = OPERATION_LIMIT) -> Iterator[None]:
        """Everything in the block is one operation, which completes "could not …"."""
        before = (self._deadline, self._limit, self._what)
        if self._deadline == float("inf"):
            self._deadline, self._limit, self._what = time.monotonic() + seconds, seconds, what
        try:
            yield
        finally:
            self._deadline, self._limit, self._what = before

    def require_time(self) -> None:
        """Raise ``CloudError`` where the operation's time is over."""
        if time.monotonic() > self._deadline:
            raise CloudError(
                f"Cloud '{self._cloud}' could not {self._what} within {self._limit:.0f} s.",
                hint="It answers, and comes to no end: ask its operators, or try another time.",
            )

    def see(self, response: Any, *_: Any, **__: Any) -> Any:  # Any: requests' hook
        """Judge an answer before anybody acts on it, and read it. Raises ``CloudError``."""
        self.status = response.status_code
        try:
            self._judge(response)
            if response.headers.get("Content-Type", "") != DATA:
                self._read(response)
        except CloudError:
            response.close()
            raise
        return response

    def _judge(self, response: Any) -> None:
        self.require_time()
        self._refuse_other_origin(response)
        if not self._has_token:
            self._refuse_closed_discovery(response)
            is_login = response.request.method == "POST" and response.ok
            self._has_token = is_login and "X-Subject-Token" in response.headers
        wait = response.headers.get("Retry-After")
        if response.status_code == UNAVAILABLE and wait:
            # keystoneauth waits as long as it is told.
            seconds = min(int(wait), BUSY_LIMIT) if wait.isdecimal() else BUSY_LIMIT
            response.headers["Retry-After"] = str(seconds)
            self._say(f"cloud '{self._cloud}' is busy; retrying in {seconds} s")

    def _refuse_other_origin(self, response: Any) -> None:
        """The clients would send the credentials and the token wherever an answer leads."""
        place = response.headers.get("Location")
        if not response.is_redirect or not place:
            return
        # keystoneauth takes a place without a host for a whole address.
        response.headers["Location"] = urljoin(response.url, place)
        asked, leads = urlsplit(response.url), urlsplit(response.headers["Location"])
        if _origin(asked) != _origin(leads):
            raise CloudError(
                f"Cloud '{self._cloud}' sent a request on to another origin; it was not followed.",
                details=[f"{_shown(asked)} leads to {_shown(leads)}."],
                hint="The credentials would go there. If that is right, name the new address in"
                " clouds.yaml: auth_url, or image_endpoint_override.",
                status=response.status_code,
            )

    def _refuse_closed_discovery(self, response: Any) -> None:
        """Keystoneauth would ask once more, with a token that it is about to get: for ever.

        Once there is a token it may: Cinder tells its versions only to those who have one.
        """
        request = response.request
        bare = not {"X-Auth-Token", "Authorization"} & set(request.headers)
        if response.status_code == UNAUTHORIZED and request.method == "GET" and bare:
            raise CloudError(
                f"Cloud '{self._cloud}' tells nobody how to log in.",
                details=[f"{_shown(urlsplit(response.url))} answers 401 to the first request."],
                hint="Check auth_url in clouds.yaml: it ends with /v3, and no proxy that wants a"
                " password of its own may stand before it.",
                status=UNAUTHORIZED,
            )

    def pieces(self, response: Any) -> Iterator[bytes]:
        """An answer's body as it comes, until the operation's time is over."""
        while piece := response.raw.read1(PIECE, decode_content=True):
            self.require_time()
            yield piece

    def _read(self, response: Any) -> None:
        """Read the answer to its end: requests would read one that never ends, for ever."""
        pieces, size = [], 0
        for piece in self.pieces(response):
            size += len(piece)
            if size > LONGEST:
                raise CloudError(
                    f"Cloud '{self._cloud}' answers with more than {LONGEST >> 20} MiB.",
                    hint="No service says so much: check the cloud's addresses in clouds.yaml.",
                )
            pieces.append(piece)
        response._content = b"".join(pieces)  # noqa: SLF001 - as requests itself sets it
        response._content_consumed = True  # noqa: SLF001


def _origin(address: SplitResult) -> tuple[str, str, int | None]:
    return (
        address.scheme,
        (address.hostname or "").lower(),
        address.port or _PORTS.get(address.scheme),
    )


def _shown(address: SplitResult) -> str:
    """An address without a login and without a query, which may be a secret."""
    port = f":{address.port}" if address.port else ""
    return f"{address.scheme}://{address.hostname}{port}{address.path}"
