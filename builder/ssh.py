"""One SSH connection to a guest, shared by all commands: under emulation each new one is dear."""

import shlex
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from builder.feature import Completed
from builder.process import Running, attempt, require_tool, run, running

ADDRESS = "127.0.0.1"
KEY = "id_ed25519"
CONTROL = "ssh.control"
LOG = "ssh.log"
# ssh's own exit code for what is not the remote command's doing (ssh(1), EXIT STATUS).
SSH_FAILED = 255


ONCE = ("-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null")
"""Options for a person who logs in to a guest that will be gone."""


def make_key(workdir: Path) -> str:
    """Generate a key pair in ``workdir`` and return the public key's line."""
    key = workdir / KEY
    run(
        [
            require_tool("ssh-keygen", "openssh-client"),
            *("-q", "-t", "ed25519", "-N", "", "-C", "proof", "-f", key),
        ],
        timeout=30,
        purpose="make an SSH key",
    )
    return key.with_suffix(".pub").read_text().strip()


def answers(port: int, patience: float) -> bool:
    """Whether an SSH server greets at the port within ``patience`` seconds."""
    try:
        with socket.create_connection((ADDRESS, port), timeout=patience) as connection:
            connection.settimeout(patience)
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


class Connection:
    """A connected master that commands go through."""

    def __init__(self, workdir: Path, user: str, master: Running) -> None:
        self._workdir = workdir
        self._user = user
        self._master = master

    def run_as_root(self, argv: tuple[str, ...], timeout: float) -> Completed:
        """Run a command by sudo. Raises ``TimeoutError``, ``ConnectionError`` if SSH is lost."""
        remote = shlex.join(("sudo", "-n", "--", *argv))
        try:
            done = attempt(
                ["ssh", "-F", "none", "-S", CONTROL, f"{self._user}@{ADDRESS}", "--", remote],
                timeout=timeout,
                cwd=self._workdir,
            )
        except TimeoutError:
            raise TimeoutError(
                f"'{shlex.join(argv)}' was still running in the guest after {timeout:.0f} s"
            ) from None
        if done.status == SSH_FAILED and self._master.wait(2):  # or the command's own 255
            raise ConnectionError("; ".join(self._master.tail()) or "ssh ended")
        return Completed(done.status, done.stdout, done.stderr)


@contextmanager
def connected(
    workdir: Path, user: str, port: int, wait: Callable[[Callable[[], bool], str], None]
) -> Iterator[Connection]:
    """Connect as ``user`` with the key in ``workdir``, and disconnect when the block is left.

    ``wait(condition, awaited)`` polls the condition and raises its own error when it will not come
    true. A refused log-in is tried again: sshd may be up before cloud-init has installed the key.
    """
    wait(lambda: answers(port, 2), "an SSH server on the guest's port 22")
    options = {
        "BatchMode": "yes",
        "ConnectTimeout": "30",
        "ControlPath": CONTROL,  # relative: a socket's path is limited to 108 bytes
        "ControlMaster": "yes",
        "IdentitiesOnly": "yes",
        "IdentityFile": KEY,
        "PreferredAuthentications": "publickey",
        "ServerAliveInterval": "30",
        "StrictHostKeyChecking": "accept-new",
        "UserKnownHostsFile": "known_hosts",
        "GlobalKnownHostsFile": "/dev/null",
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    command = ["ssh", "-F", "none", "-N", "-p", str(port), *words, f"{user}@{ADDRESS}"]
    control, log = workdir / CONTROL, workdir / LOG
    awaited = f"SSH to let '{user}' in with the injected key"
    refusal = ""
    while True:
        with running(command, purpose="connect to the guest", log=log, cwd=workdir) as master:
            wait(partial(_decided, control, master), awaited + refusal)
            if master.status is None:
                yield Connection(workdir, user, master)
                return
            refusal = "".join(f" (it said: {line})" for line in master.tail()[-1:])
        time.sleep(1)


def _decided(control: Path, master: Running) -> bool:
    """Whether the master has connected, or ended because it was refused."""
    return control.exists() or master.status is not None
