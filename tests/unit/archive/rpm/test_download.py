import io
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from webserver import Files, serving

from builder.archive.rpm.download import DownloadError, download


def fetched(address: str, *, most: int = 1 << 20, seconds: float = 60.0) -> bytes:
    into = io.BytesIO()
    download(address, into, most=most, until=time.monotonic() + seconds, conditions={})
    return into.getvalue()


def test_a_file_is_fetched_once_and_then_asked_for_by_its_date(tmp_path: Path) -> None:
    (tmp_path / "repomd.xml").write_text("a list")
    with serving(Files, root=str(tmp_path)) as server:
        address = f"{server.url}/repomd.xml"
        into = io.BytesIO()
        until = time.monotonic() + 60
        said = download(address, into, most=100, until=until, conditions={})
        assert said is not None
        condition = {"If-Modified-Since": said["Last-Modified"]}
        assert download(address, into, most=100, until=until, conditions=condition) is None
    assert into.getvalue() == b"a list"


@pytest.mark.parametrize(
    ("path", "most", "seconds", "why"),
    [
        pytest.param("gone.xml", 100, 60.0, "HTTP 404", id="missing"),
        pytest.param("long.xml", 100, 60.0, "more than the 100 bytes", id="too long"),
        pytest.param("long.xml", 5000, -1.0, "took too long", id="too late"),
    ],
)
def test_what_cannot_be_had_says_why(
    tmp_path: Path, path: str, most: int, seconds: float, why: str
) -> None:
    (tmp_path / "long.xml").write_bytes(b"x" * 5000)
    with serving(Files, root=str(tmp_path)) as server, pytest.raises(DownloadError, match=why):
        fetched(f"{server.url}/{path}", most=most, seconds=seconds)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/a", "http://[/a", "unknown://a/b"])
def test_nobody_there_is_an_answer_too(address: str) -> None:
    with pytest.raises(DownloadError):
        fetched(address)


class Trickle(BaseHTTPRequestHandler):
    """Sends a byte now and then, without end."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        while True:
            try:
                self.wfile.write(b"x")
            except OSError:
                return
            time.sleep(0.05)


class Nonsense(BaseHTTPRequestHandler):
    """Speaks something else than HTTP."""

    def do_GET(self) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n")


def test_a_mirror_that_sends_byte_by_byte_is_not_waited_for() -> None:
    with serving(Trickle) as server, pytest.raises(DownloadError, match="took too long"):
        fetched(server.url, seconds=0.5)


def test_what_is_no_http_is_told() -> None:
    with serving(Nonsense) as server, pytest.raises(DownloadError, match="SSH"):
        fetched(server.url)
