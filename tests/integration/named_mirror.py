"""A package mirror that is found by nothing but its name, on loopback. Needs root.

Two machines that this host does not know stand behind addresses of its own loopback network: a name
server that knows one name, and the mirror of that name, which fetches from the host's own mirrors.
A token in the mirror's path says who may ask; the same machine is a proxy for those with a login.
"""

import base64
import contextlib
import os
import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from dnslib.server import DNSLogger, DNSServer
from dnslib.zoneresolver import ZoneResolver

from builder.build.apt_sources import host_mirrors

NAME_SERVER = "127.77.0.53"
MIRROR = "127.77.0.80"
NAME = "mirror.example.test"
TOKEN = "t0ken5c0ffee5c0ffee5c0ffee5c0ffee"  # noqa: S105 - of this mirror
LOGIN = "builder:pa55word-of-the-proxy"
PROXY = f"http://{LOGIN}@{MIRROR}:80"
UPSTREAM_LIMIT = 60
_AUTHORIZATION = f"Basic {base64.b64encode(LOGIN.encode()).decode()}"
KINDS = {"archive": "DIB_DISTRIBUTION_MIRROR", "security": "DIB_DEBIAN_SECURITY_MIRROR"}


class NamedMirror:
    """The mirror of a release of Debian while it runs."""

    def __init__(self, root: Path) -> None:
        self.addresses = {kind: f"http://{NAME}/{TOKEN}/{kind}" for kind in KINDS}
        """By the keys that a profile's ``mirrors`` has."""
        self.asked: set[str] = set()
        """The names of the packages that were fetched directly."""
        self.through_proxy: set[str] = set()
        """Those that were fetched through the proxy, with its login."""
        self._resolv = root / "resolv.conf"
        self._resolv.write_text(f"nameserver {NAME_SERVER}\n")

    def command(self, argv: Sequence[str | Path]) -> list[str | Path]:
        """The argv that runs ``argv`` where the name server is the only one."""
        script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
        return ["unshare", "--mount", "sh", "-c", script, self._resolv, *argv]


class _Forwarder(BaseHTTPRequestHandler):
    """Answers a request below token and kind of mirror with what the host's mirror of it says."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *args: Any, upstream: Mapping[str, str], mirror: NamedMirror) -> None:
        self.upstream = upstream
        self.mirror = mirror
        super().__init__(*args)

    def do_GET(self) -> None:
        proxied = self.path.startswith("http://")
        if proxied and self.headers["Proxy-Authorization"] != _AUTHORIZATION:
            return self.send_error(HTTPStatus.PROXY_AUTHENTICATION_REQUIRED)
        token, kind, path = self.path.removeprefix(f"http://{NAME}").lstrip("/").split("/", 2)
        if token != TOKEN:
            return self.send_error(HTTPStatus.FORBIDDEN)
        request = urllib.request.Request(f"{self.upstream[kind]}/{path}")  # noqa: S310 - http only
        for name in ("If-Modified-Since", "Range", "If-Range"):
            if name in self.headers:
                request.add_header(name, self.headers[name])
        try:
            answer = urllib.request.urlopen(request, timeout=UPSTREAM_LIMIT)  # noqa: S310
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            self.send_response(answer.status)
            for name in ("Content-Length", "Content-Range", "Last-Modified", "Content-Type"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            if "Content-Length" not in answer.headers:
                self.send_header("Connection", "close")
            self.end_headers()
            shutil.copyfileobj(answer, self.wfile)
        asked = self.mirror.through_proxy if proxied else self.mirror.asked
        asked.add(path.rpartition("/")[2].partition("_")[0])
        return None

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def named_mirror(root: Path, *, distro: str, release: str) -> Generator[NamedMirror]:
    """Run a mirror of the release; its files lie below ``root``."""
    mirror = NamedMirror(root)
    settings = {**host_mirrors(distro, release), **os.environ}
    upstream = {kind: settings[variable] for kind, variable in KINDS.items()}
    names = DNSServer(
        ZoneResolver(f"{NAME}. 60 IN A {MIRROR}"), address=NAME_SERVER, port=53,
        logger=DNSLogger("-request,-reply,-truncated,-error"),
    )  # fmt: skip
    packages = ThreadingHTTPServer(
        (MIRROR, 80), partial(_Forwarder, upstream=upstream, mirror=mirror)
    )
    names.start_thread()
    thread = threading.Thread(target=packages.serve_forever)
    thread.start()
    try:
        yield mirror
    finally:
        packages.shutdown()
        thread.join()
        packages.server_close()
        names.stop()
        names.server.server_close()
