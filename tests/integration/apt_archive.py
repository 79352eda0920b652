"""A small archive of Debian packages on loopback: its indexes, signed by a key of the tests' own.

apt only reads what an archive says of its packages: there are files for their dates alone.
"""

import hashlib
import os
import subprocess
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

from webserver import WebServer, serving

RELEASE = "bookworm"
ANSWER_LIMIT = 30.0
VALID = timedelta(days=7)


@dataclass(frozen=True)
class Deb:
    """A package in an archive."""

    name: str
    version: str
    depends: str = ""
    since: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(days=3))

    @property
    def path(self) -> str:
        return f"pool/{self.name}_{self.version.replace(':', '%3a')}_amd64.deb"

    def paragraph(self) -> str:
        depends = f"Depends: {self.depends}\n" if self.depends else ""
        return (
            f"Package: {self.name}\nVersion: {self.version}\nArchitecture: amd64\n{depends}"
            f"Installed-Size: 10\nMaintainer: Tests <tests@example.org>\nFilename: {self.path}\n"
            f"Size: 1\nSHA256: {'0' * 64}\nDescription: {self.name}\n"
        )


class Key:
    """A key that signs archives."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(mode=0o700)
        self.gpg("--quick-generate-key", "--passphrase", "", "Tests <tests@example.org>", "ed25519")
        self.keyring = home / "public.gpg"
        self.keyring.write_bytes(self.gpg("--export"))

    def gpg(self, *words: str | Path, stdin: bytes = b"") -> bytes:
        done = subprocess.run(
            ["gpg", "--homedir", self.home, "--batch", "--quiet", "--pinentry-mode", "loopback",
             *words],
            input=stdin, capture_output=True, check=True,
        )  # fmt: skip
        return done.stdout

    def end(self) -> None:
        """gpg leaves an agent behind, which holds the key."""
        subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "all"], check=False)


class AptArchive:
    """The suites of a release: each has the packages that it was last given."""

    def __init__(self, root: Path, key: Key) -> None:
        self.root = root
        self.key = key
        self._start, self._signed = time.time() - 3600, 0
        self.requests: list[tuple[str, int]] = []
        """Paths, each with the answer's status."""

        self.answers = threading.Event()
        """While it is not set, no request is answered."""
        self.answers.set()
        self.asked = 0

    def write(
        self,
        suite: str,
        debs: Sequence[Deb],
        *,
        component: str = "main",
        **said: Any,
    ) -> None:
        """Publish the suite anew; what its release file is to say is as for ``sign``."""
        index = self.root / "dists" / suite / component / "binary-amd64" / "Packages"
        index.parent.mkdir(parents=True, exist_ok=True)
        index.write_text("\n".join(deb.paragraph() for deb in debs))
        for deb in debs:
            file = self.root / deb.path
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(b"\0")
            os.utime(file, (deb.since.timestamp(),) * 2)
        self.sign(suite, component=component, **said)

    def sign(
        self,
        suite: str,
        *,
        date: datetime | None = None,
        codename: str = "",
        component: str = "main",
        key: Key | None = None,
    ) -> None:
        """Sign what the suite has now, at a date, under a name, with a key."""
        home = self.root / "dists" / suite
        index = home / component / "binary-amd64" / "Packages"
        content = index.read_bytes()
        when = date or datetime.now(UTC) - timedelta(hours=1)
        release = (
            f"Origin: {'Debian-Security' if suite.endswith('-security') else 'Debian'}\n"
            f"Suite: {codename or suite.replace(RELEASE, 'oldstable')}\n"
            f"Codename: {codename or suite}\nVersion: 12\n"
            f"Date: {format_datetime(when)}\nValid-Until: {format_datetime(when + VALID)}\n"
            f"Architectures: amd64\nComponents: {component}\nSHA256:\n"
            f" {hashlib.sha256(content).hexdigest()} {len(content)}"
            f" {index.relative_to(home)}\n"
        )
        signed = (key or self.key).gpg("--clearsign", stdin=release.encode())
        (home / "InRelease").write_bytes(signed)
        self._signed += 1  # HTTP tells times by the second, and tests are faster
        os.utime(home / "InRelease", (self._start + self._signed,) * 2)

    def write_all(self, debs: Sequence[Deb]) -> None:
        """Publish all suites; only the first has packages."""
        for suite in (RELEASE, f"{RELEASE}-updates", f"{RELEASE}-security"):
            self.write(suite, debs if suite == RELEASE else ())


@contextmanager
def served(archive: AptArchive) -> Generator[WebServer]:
    """Serve an archive, and note who asks for what."""

    class Noting(SimpleHTTPRequestHandler):
        def __init__(self, *connection: Any) -> None:
            super().__init__(*connection, directory=str(archive.root))

        def do_GET(self) -> None:
            archive.asked += 1
            archive.answers.wait(ANSWER_LIMIT)
            super().do_GET()

        def log_request(self, code: Any = "-", size: Any = "-") -> None:  # noqa: ARG002
            archive.requests.append((self.path, int(code)))

    with serving(Noting) as server:
        yield server
