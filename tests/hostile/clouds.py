"""Small clouds that answer as a test says: an HTTP server on loopback, with nothing behind it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from webserver import serving

from builder.publish.cloud.glance import Glance

Answer = Callable[["Request"], None]
"""Writes a whole answer to a request."""

Cloud = Callable[[Answer], Glance]
"""Starts a cloud that answers so, and logs in to it."""


class Request(BaseHTTPRequestHandler):
    """One request, and what can be said to it."""

    protocol_version = "HTTP/1.1"
    answer: Answer
    seen: list["Request"]
    content: bytes
    """The body that came with it."""

    @property
    def body(self) -> Any:
        """The same, which is JSON; None where none came."""
        return json.loads(self.content) if self.content else None

    def _serve(self) -> None:
        self.seen.append(self)
        length = int(self.headers.get("Content-Length") or 0)
        self.content = self.rfile.read(length)
        type(self).answer(self)
        self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve  # noqa: N815 - http.server's

    def say(self, status: int, body: object = "", **headers: str) -> None:
        """Answer with a page, with text that is meant as JSON, or with anything else as JSON."""
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        page = data.startswith(b"<")
        self.send_header("Content-Type", "text/html" if page else "application/json")
        self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def answering(answer: Answer) -> Iterator[tuple[str, list[Request]]]:
    """A server's address, and the requests that it has seen so far."""
    seen: list[Request] = []
    with serving(Request, answer=staticmethod(answer), seen=seen) as server:
        yield server.url, seen


def configure(directory: Path, **entry: Any) -> Path:
    """A ``clouds.yaml`` with one cloud, ``mine``."""
    path = directory / "clouds.yaml"
    path.write_text(json.dumps({"clouds": {"mine": entry}}))
    return path
