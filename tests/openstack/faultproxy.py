"""A proxy that breaks chosen requests on their way to an API server.

It forwards one request for each connection, so that it knows where each begins and ends: both sides
are told ``Connection: close``.
"""

import contextlib
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from io import BufferedReader
from typing import Self

LOOPBACK = "127.0.0.1"
PIECE = 64 * 1024
PATIENCE = 120
"""Seconds after which a held request is cut, and after which a silent side is given up."""


class Gate:
    """A place where a request waits for the test."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._decided = threading.Event()
        self._forward = False

    def wait(self, timeout: float = 60) -> None:
        """Wait until a request stands here. Raises ``TimeoutError``."""
        if not self._reached.wait(timeout):
            raise TimeoutError(f"no such request has come within {timeout} s")

    def open(self) -> None:
        """Let the request, or its answer, go on."""
        self._forward = True
        self._decided.set()

    def cut(self) -> None:
        """Cut the connection: what was held is lost."""
        self._decided.set()

    def _stand(self) -> bool:
        self._reached.set()
        return self._decided.wait(PATIENCE) and self._forward


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to a request. Sizes are bytes, of the body and its framing."""

    status: int | None = None
    """Answered instead of the server, which hears nothing of the request."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of that answer, as ``Retry-After``."""
    delay: float = 0
    """Seconds before the request goes on."""
    rate: int | None = None
    """Bytes a second, in both directions."""
    cut_request: int | None = None
    """The connection is cut after so much of the request's body."""
    cut_answer: int | None = None
    """The connection is cut after so much of the answer; with 0 the answer is lost."""
    hold_request: Gate | None = None
    """The server hears of the request when the test says so."""
    hold_answer: Gate | None = None
    """The server has done its work; the client hears of it when the test says so."""


@dataclass
class _Rule:
    fault: Fault
    method: str
    path: re.Pattern[str]
    skip: int
    times: int

    def takes(self, method: str, path: str) -> bool:
        if method != self.method or not self.path.search(path):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return self.times >= 0


@dataclass
class Request:
    """A request that has come by."""

    method: str
    path: str
    status: int | None = None
    """What the client was answered; None where it was not."""


class FaultProxy:
    """Listens on a loopback port and forwards to another, until it is closed."""

    def __init__(self, port: int) -> None:
        self.requests: list[Request] = []
        self._upstream = port
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server((LOOPBACK, 0))
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://{LOOPBACK}:{self._listener.getsockname()[1]}"

    def inject(
        self, fault: Fault, *, method: str, path: str, nth: int = 1, times: int = 1
    ) -> Fault:
        """Let a fault befall requests of a method whose path matches a regular expression.

        The ``nth`` of them from now on is the first one, and there are ``times`` of them. The
        earliest rule that takes a request wins.
        """
        with self._lock:
            self._rules.append(_Rule(fault, method, re.compile(path), nth - 1, times))
        return fault

    def heal(self) -> None:
        """Forget all rules, and cut what is being held."""
        with self._lock:
            rules, self._rules = self._rules, []
        for rule in rules:
            for gate in (rule.fault.hold_request, rule.fault.hold_answer):
                if gate is not None:
                    gate.cut()

    def count(self, method: str, path: str = "") -> int:
        """How many requests of a method, with a path that matches, have come by."""
        return sum(
            request.method == method and re.search(path, request.path) is not None
            for request in self.requests
        )

    def close(self) -> None:
        """Cut all connections and listen no more."""
        self.heal()
        with contextlib.suppress(OSError):  # closed already
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            _cut(connection)
        for thread in self._threads:
            thread.join(10)

    def _start(self, function: Callable[..., None], *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _ = self._listener.accept()
                self._start(self._serve, connection)

    @contextlib.contextmanager
    def _tracked(self, connection: socket.socket) -> Generator[socket.socket]:
        connection.settimeout(PATIENCE)
        with self._lock:
            self._open.add(connection)
        try:
            yield connection
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _serve(self, connection: socket.socket) -> None:
        # A side that is gone, or cut from outside, ends the work of its connection and no more.
        with (
            contextlib.suppress(OSError),
            self._tracked(connection) as client,
            client.makefile("rb") as reader,
        ):
            head = _read_head(reader)
            if head is None:
                return
            method, path = head.split(b" ", 2)[:2]
            request = Request(method.decode(), path.decode())
            with self._lock:
                self.requests.append(request)
                fault = next(
                    (
                        rule.fault
                        for rule in self._rules
                        if rule.takes(request.method, request.path)
                    ),
                    Fault(),
                )
            try:
                self._handle(client, reader, head, fault, request)
            except BaseException:
                _cut(client)
                raise

    def _handle(
        self,
        client: socket.socket,
        reader: BufferedReader,
        head: bytes,
        fault: Fault,
        request: Request,
    ) -> None:
        time.sleep(fault.delay)
        if fault.hold_request is not None and not fault.hold_request._stand():  # noqa: SLF001
            raise ConnectionAbortedError
        if fault.status is not None:
            for _ in _body(reader, head):
                pass  # a client that is still sending would take an early answer for a cut
            client.sendall(_answer(fault))
            request.status = fault.status
            return
        upstream = socket.create_connection((LOOPBACK, self._upstream), PATIENCE)
        with self._tracked(upstream) as server:
            back = self._start(_relay_answer, server, client, fault, request)
            try:
                server.sendall(_with_close(head))
                sent = 0
                for piece in _body(reader, head):
                    keep = piece
                    if fault.cut_request is not None:
                        keep = piece[: fault.cut_request - sent]
                    server.sendall(keep)
                    sent += len(keep)
                    _pace(len(keep), fault.rate)
                    if fault.cut_request is not None and sent >= fault.cut_request:
                        raise ConnectionAbortedError
            except OSError:
                # A server that has answered early reads no more: its answer is on its way.
                if request.status is None:
                    _cut(server)
                    raise
            back.join(PATIENCE)


def _relay_answer(
    server: socket.socket, client: socket.socket, fault: Fault, request: Request
) -> None:
    with contextlib.suppress(OSError), server.makefile("rb") as reader:
        pieces = _answer_pieces(reader, fault.rate)
        if fault.hold_answer is not None:
            pieces = iter([b"".join(pieces)])
            if not fault.hold_answer._stand():  # noqa: SLF001 - the gate's other side
                _cut(client)
                return
        sent = 0
        for piece in pieces:
            keep = piece if fault.cut_answer is None else piece[: fault.cut_answer - sent]
            if not sent:
                request.status = _status(keep)
            client.sendall(keep)
            sent += len(keep)
            _pace(len(keep), fault.rate)
            if fault.cut_answer is not None and sent >= fault.cut_answer:
                _cut(client)
                return
        client.shutdown(socket.SHUT_WR)


def _answer_pieces(reader: BufferedReader, rate: int | None) -> Iterator[bytes]:
    head = _read_head(reader)
    if head is not None:
        yield _with_close(head)
        size = PIECE if rate is None else max(1, min(PIECE, rate // 10))
        yield from iter(lambda: reader.read1(size), b"")


def _read_head(reader: BufferedReader) -> bytes | None:
    lines = []
    while line := reader.readline():
        lines.append(line)
        if line == b"\r\n":
            return b"".join(lines)
    return None


def _header(head: bytes, name: bytes) -> bytes:
    found = re.search(rb"^" + name + rb":\s*(.*?)\r$", head, re.IGNORECASE | re.MULTILINE)
    return found.group(1) if found else b""


def _body(reader: BufferedReader, head: bytes) -> Iterator[bytes]:
    """The body as it came, with its framing. Raises ``ConnectionError`` where it stops early."""
    if _header(head, b"Transfer-Encoding").lower() != b"chunked":
        yield from _exactly(reader, int(_header(head, b"Content-Length") or 0))
        return
    while True:
        line = reader.readline()
        if not line:
            raise ConnectionAbortedError
        yield line
        size = int(line.split(b";")[0], 16)
        yield from _exactly(reader, size + len(b"\r\n"))
        if size == 0:
            return


def _exactly(reader: BufferedReader, size: int) -> Iterator[bytes]:
    while size:
        piece = reader.read1(min(size, PIECE))
        if not piece:
            raise ConnectionAbortedError
        size -= len(piece)
        yield piece


def _with_close(head: bytes) -> bytes:
    kept = re.sub(rb"^Connection:.*\r\n", b"", head, flags=re.IGNORECASE | re.MULTILINE)
    return kept[: -len(b"\r\n")] + b"Connection: close\r\n\r\n"


def _answer(fault: Fault) -> bytes:
    lines = [
        f"HTTP/1.1 {fault.status} Injected",
        *(f"{name}: {value}" for name, value in fault.headers.items()),
        "Content-Length: 0",
        "Connection: close",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _status(answer: bytes) -> int | None:
    found = re.match(rb"HTTP/1\.\d (\d{3})", answer)
    return int(found.group(1)) if found else None


def _pace(size: int, rate: int | None) -> None:
    if rate is not None:
        time.sleep(size / rate)


def _cut(connection: socket.socket) -> None:
    """Reset a connection: the other side sees an error, not an end."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)
    connection.close()
