"""The proxy breaks what it is told to break, and nothing else."""

import threading
import time
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler

import pytest
import requests
from faultproxy import Fault, FaultProxy, Gate
from webserver import serving

ANSWER = b"a" * 100_000


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    received: list[int]

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def do_PUT(self) -> None:
        if self.headers["Transfer-Encoding"] == "chunked":
            size = 0
            while piece := int(self.rfile.readline(), 16):
                size += len(self.rfile.read(piece))
                self.rfile.readline()
            self.rfile.readline()
        else:
            size = len(self.rfile.read(int(self.headers["Content-Length"])))
        self.received.append(size)
        self.send_response(204)
        self.end_headers()


@pytest.fixture
def received() -> list[int]:
    return []


@pytest.fixture
def between(received: list[int]) -> Generator[FaultProxy]:
    with serving(Echo, received=received) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign] - cuts are meant
        with FaultProxy(server.server_port) as proxy:
            yield proxy


@pytest.fixture
def session() -> Generator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def test_without_a_fault_all_goes_through(
    between: FaultProxy, session: requests.Session, received: list[int]
) -> None:
    assert session.get(f"{between.url}/a", timeout=10).content == ANSWER
    assert session.put(f"{between.url}/b", data=b"x" * 1000, timeout=10).status_code == 204
    chunks = (b"0\r\n\r\n" * 1000 for _ in range(20))
    assert session.put(f"{between.url}/b", data=chunks, timeout=10).status_code == 204
    assert received == [1000, 100_000]
    assert [(request.method, request.path, request.status) for request in between.requests] == [
        ("GET", "/a", 200),
        ("PUT", "/b", 204),
        ("PUT", "/b", 204),
    ]
    assert between.count("PUT", "^/b$") == 2


def test_a_status_is_injected_for_the_chosen_request_alone(
    between: FaultProxy, session: requests.Session, received: list[int]
) -> None:
    fault = Fault(status=503, headers={"Retry-After": "7"})
    between.inject(fault, method="PUT", path="/file$", nth=2)
    answers = [
        session.put(f"{between.url}{path}", data=b"x" * 300_000, timeout=10)
        for path in ("/file", "/other", "/file", "/file")
    ]
    assert [response.status_code for response in answers] == [204, 204, 503, 204]
    assert answers[2].headers["Retry-After"] == "7"
    assert len(received) == 3


def test_a_fault_may_befall_several_requests(
    between: FaultProxy, session: requests.Session
) -> None:
    between.inject(Fault(status=500), method="GET", path="", times=2)
    assert [session.get(between.url, timeout=10).status_code for _ in range(3)] == [500, 500, 200]


def test_an_upload_is_cut(
    between: FaultProxy, session: requests.Session, received: list[int]
) -> None:
    between.inject(Fault(cut_request=50_000), method="PUT", path="")
    with pytest.raises(requests.ConnectionError):
        session.put(f"{between.url}/b", data=(b"x" * 1000 for _ in range(10_000)), timeout=10)
    assert received == []
    assert session.put(f"{between.url}/b", data=b"x", timeout=10).status_code == 204


def test_an_answer_is_lost_although_the_server_has_worked(
    between: FaultProxy, session: requests.Session, received: list[int]
) -> None:
    between.inject(Fault(cut_answer=0), method="PUT", path="")
    with pytest.raises(requests.ConnectionError):
        session.put(f"{between.url}/b", data=b"x" * 10, timeout=10)
    assert received == [10]
    assert between.requests[0].status is None


def test_a_download_is_cut(between: FaultProxy, session: requests.Session) -> None:
    between.inject(Fault(cut_answer=30_000), method="GET", path="")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        session.get(f"{between.url}/a", timeout=10)


def test_a_slow_line_takes_its_time(between: FaultProxy, session: requests.Session) -> None:
    between.inject(Fault(rate=200_000, delay=0.2), method="GET", path="")
    start = time.monotonic()
    assert session.get(f"{between.url}/a", timeout=10).content == ANSWER
    assert time.monotonic() - start > 0.6


@pytest.mark.parametrize(
    ("side", "happened"), [("hold_request", []), ("hold_answer", [1])], ids=["request", "answer"]
)
@pytest.mark.parametrize("forward", [True, False], ids=["opened", "cut"])
def test_a_request_is_held(
    between: FaultProxy,
    session: requests.Session,
    received: list[int],
    side: str,
    happened: list[int],
    *,
    forward: bool,
) -> None:
    gate = Gate()
    between.inject(Fault(**{side: gate}), method="PUT", path="")
    outcome: list[object] = []

    def put() -> None:
        try:
            outcome.append(session.put(f"{between.url}/b", data=b"x", timeout=10).status_code)
        except requests.ConnectionError:
            outcome.append("cut")

    client = threading.Thread(target=put)
    client.start()
    gate.wait(10)
    assert (received, outcome) == (happened, [])
    (gate.open if forward else gate.cut)()
    client.join(10)
    assert outcome == [204 if forward else "cut"]
    assert received == ([1] if forward else happened)


def test_a_gate_that_nobody_reaches_is_told_of() -> None:
    with pytest.raises(TimeoutError, match="no such request"):
        Gate().wait(0.01)


def test_closing_cuts_what_is_held(between: FaultProxy, session: requests.Session) -> None:
    between.inject(Fault(hold_request=Gate()), method="GET", path="")
    timer = threading.Timer(0.3, between.close)
    timer.start()
    with pytest.raises(requests.ConnectionError):
        session.get(f"{between.url}/a", timeout=10)
    timer.join()
