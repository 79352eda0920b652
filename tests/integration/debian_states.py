"""A release of Debian on loopback in two states, signed by a key of the tests' own.

In one there is no security update, in the other there are those of the host's mirror. Packages are
the mirror's own: whoever asks for one is sent there.
"""

import contextlib
import hashlib
import lzma
import os
import urllib.request
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

from apt_archive import RELEASE, Key
from named_mirror import KINDS, UPSTREAM_LIMIT
from webserver import serving

from builder.build.apt_sources import host_mirrors
from builder.profile.snapshot import snapshot_address

NOW = "now"
"""What stands in an address in place of a moment, for the archive of today."""
THEN = datetime(2026, 3, 20, tzinfo=UTC)
VALID = timedelta(days=7)
INDEX = "main/binary-amd64/Packages"


class States:
    """Below ``root``: today's state without updates, and a snapshot of another one with them."""

    def __init__(self, root: Path, key: Key) -> None:
        self.root = root
        self.key = key
        settings = {**host_mirrors("debian", RELEASE), **os.environ}
        self.upstream = {kind: settings[variable] for kind, variable in KINDS.items()}
        main = self._index("archive", RELEASE)
        self.updates = self._index("security", f"{RELEASE}-security")
        of_then = snapshot_address("{at}", THEN)
        for name, at, updates in ((NOW, datetime.now(UTC), b""), (of_then, THEN, self.updates)):
            date = at - timedelta(days=2)
            self._write(root / name / "archive", RELEASE, main, date)
            self._write(root / name / "archive", f"{RELEASE}-updates", b"", date)
            self._write(root / name / "security", f"{RELEASE}-security", updates, date)

    def _index(self, kind: str, suite: str) -> bytes:
        address = f"{self.upstream[kind]}/dists/{suite}/{INDEX}.xz"
        with urllib.request.urlopen(address, timeout=UPSTREAM_LIMIT) as answer:  # noqa: S310
            return lzma.decompress(answer.read())

    def _write(self, mirror: Path, suite: str, index: bytes, date: datetime) -> None:
        home = mirror / "dists" / suite
        (home / INDEX).parent.mkdir(parents=True)
        (home / INDEX).write_bytes(index)
        release = (
            f"Origin: Debian\nSuite: {suite}\nCodename: {suite}\nVersion: 12\n"
            f"Date: {format_datetime(date)}\nValid-Until: {format_datetime(date + VALID)}\n"
            "Architectures: amd64\nComponents: main\n"
            f"SHA256:\n {hashlib.sha256(index).hexdigest()} {len(index)} {INDEX}\n"
        )
        (home / "InRelease").write_bytes(self.key.gpg("--clearsign", stdin=release.encode()))


@contextlib.contextmanager
def served(states: States) -> Generator[dict[str, str]]:
    """Serve them; yield the address of the snapshots by the keys of a profile's mirrors."""

    class Sending(SimpleHTTPRequestHandler):
        def __init__(self, *connection: Any) -> None:
            super().__init__(*connection, directory=str(states.root))

        def do_GET(self) -> None:
            _, _, kind, path = self.path.split("/", 3)
            if not path.startswith("pool/"):
                super().do_GET()
                return
            self.send_response(HTTPStatus.FOUND)
            self.send_header("Location", f"{states.upstream[kind]}/{path}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Sending) as server:
        yield {kind: f"{server.url}/{{at}}/{kind}" for kind in KINDS}
