"""An HTTP server on loopback that runs for the time of a test."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class WebServer(ThreadingHTTPServer):
    """A server with an address."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], **fields: Any) -> Generator[WebServer]:
    """Answer requests by a handler that says nothing on the terminal and has these ``fields``."""
    quiet = type("Handler", (handler,), {"log_message": lambda *_: None, **fields})
    with WebServer(("127.0.0.1", 0), quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Files(SimpleHTTPRequestHandler):
    """Serves what is in the directory ``root``."""

    root: str

    def __init__(self, *connection: Any) -> None:
        super().__init__(*connection, directory=self.root)
