"""A real sshd on loopback: the SFTP store of a fleet."""

import os
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from waiting import wait_until

SSHD = "/usr/sbin/sshd"


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

    def trust(self, *ports: int) -> None:
        """Let ssh know its key, at its own port or at those that lead there."""
        key = " ".join((self.home / "host.pub").read_text().split()[:2])
        hosts = self.home / ".ssh" / "known_hosts"
        hosts.write_text("".join(f"[127.0.0.1]:{port} {key}\n" for port in ports or (self.port,)))

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def serving(home: Path) -> Generator[Server]:
    """A server whose home is this process's, too: ssh finds its key there."""
    (home / ".ssh").mkdir(parents=True)
    (home / "store").mkdir()
    Path("/run/sshd").mkdir(exist_ok=True)  # where Debian's own service would make it
    for key in (home / "host", home / ".ssh" / "id_ed25519"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.delenv("SSH_AUTH_SOCK", raising=False)
        patch.setenv("LOGNAME", os.environ.get("LOGNAME", "root"))
        found = Server(home, port)
        found.start()
        try:
            yield found
        finally:
            found.stop()
