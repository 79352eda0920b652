"""The store of a fleet on a real sshd: SFTP, keys that ssh knows, and a line that is cut."""

import os
import socket
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fleets import RELEASE, build_of, fleet_of, put
from waiting import wait_until

from builder.errors import HostError
from builder.fleet.cluster.files import files_at
from builder.fleet.cluster.store import Store
from builder.store.manifest import Manifest

pytestmark = [pytest.mark.integration, pytest.mark.program("sshd", "ssh-keygen")]

SSHD = "/usr/sbin/sshd"
NAME = "20260101T000000Z-aaaaaa"


@dataclass
class Server:
    """An sshd of this user on loopback, which lets in who has the key in ``home``."""

    home: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"sftp://127.0.0.1:{self.port}{self.home}/store"

    def start(self) -> None:
        config = self.home / "sshd_config"
        config.write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.home}/host\n"
            f"AuthorizedKeysFile {self.home}/.ssh/id_ed25519.pub\nStrictModes no\nUsePAM no\n"
            "PidFile none\nSubsystem sftp internal-sftp\n"
        )
        self.process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(config)])
        wait_until(self._answers, "sshd answers", 20)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Server]:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / "store").mkdir()
    Path("/run/sshd").mkdir(exist_ok=True)  # where Debian's own service would make it
    for key in (home / "host", home / ".ssh" / "id_ed25519"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("LOGNAME", os.environ.get("LOGNAME", "root"))
    found = Server(home, port)
    found.start()
    try:
        yield found
    finally:
        found.stop()


def trust(server: Server) -> None:
    key = " ".join((server.home / "host.pub").read_text().split()[:2])
    hosts = server.home / ".ssh" / "known_hosts"
    hosts.write_text(f"[127.0.0.1]:{server.port} {key}\n")


@pytest.fixture
def build(tmp_path: Path) -> Manifest:
    image = fleet_of(tmp_path, RELEASE).images[0]
    return build_of(image, datetime.now(UTC)).model_copy(update={"build": NAME})


def test_a_build_goes_there_and_comes_back(server: Server, build: Manifest, tmp_path: Path) -> None:
    trust(server)
    put(tmp_path / "one", build)
    Store(server.url).push("base", tmp_path / "one")
    Store(server.url).fetch("base", tmp_path / "other")
    there = tmp_path / "other" / "base" / "latest"
    assert there.resolve().name == NAME
    assert (there / "image.qcow2").read_bytes() == b"an image"
    names = {path.name for path in (server.home / "store" / "base" / NAME).iterdir()}
    assert names == {"image.qcow2", "manifest.json"}


def test_a_host_whose_key_nobody_knows_is_refused(server: Server) -> None:
    with pytest.raises(HostError) as caught:
        Store(server.url)
    assert "the host key of [127.0.0.1]" in str(caught.value)


def test_a_line_that_is_cut_is_told_and_the_next_attempt_completes(
    server: Server, build: Manifest, tmp_path: Path
) -> None:
    trust(server)
    put(tmp_path / "one", build)
    Store(server.url).fetch("base", tmp_path / "other")  # a connection that was good
    server.stop()
    with pytest.raises(HostError, match=r"The store .* could not be used"):
        Store(server.url)
    server.start()
    Store(server.url).push("base", tmp_path / "one")
    assert (server.home / "store" / "base" / "latest").read_text() == NAME


def test_what_is_made_once_is_not_made_again(server: Server) -> None:
    trust(server)
    first, second = files_at(server.url), files_at(server.url)
    assert first.create("leases/lease", b"1")
    assert not second.create("leases/lease", b"2")
    assert first.read("leases/lease") == b"1"
