"""One SSH connection to a guest, and one root in it: under emulation each new one is dear."""

import itertools
import shlex
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from builder.feature import Completed
from builder.host.process import Running, require_tool, run, start
from builder.linux.scripts import script
from builder.vm.json_channel import ChannelClosed, JsonChannel

ADDRESS = "127.0.0.1"
KEY = "id_ed25519"
LOG = "ssh.log"
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


SERVER = script("command_server.py")
ANSWER_MARGIN = 15.0
"""Seconds after a command's own limit in which the guest says that it was killed."""


class Connection:
    """A root's command runner in the guest, and the way to it. Not for several threads at once."""

    def __init__(self, channel: JsonChannel, program: Running) -> None:
        self._channel = channel
        self._program = program
        self._numbers = itertools.count(1)

    def greeted(self) -> bool:
        """Whether the runner is there, or will never be."""
        try:
            self._channel.receive(time.monotonic() + 0.1)
        except TimeoutError:
            return False
        except ChannelClosed:
            self._program.wait(5)
        return True

    def run_as_root(self, argv: tuple[str, ...], timeout: float) -> Completed:
        """Run a command by sudo. Raises ``TimeoutError``, ``ConnectionError`` if SSH is lost."""
        number = next(self._numbers)
        deadline = time.monotonic() + timeout + ANSWER_MARGIN
        try:
            self._channel.send({"id": number, "argv": argv, "timeout": timeout})
            answer = self._channel.receive(deadline)
            while answer.get("id") != number:  # of one that was given up
                answer = self._channel.receive(deadline)
        except TimeoutError:
            answer = {}
        except ChannelClosed:
            self._program.wait(5)
            raise ConnectionError("; ".join(self._program.tail()) or "ssh ended") from None
        match answer:
            case {"status": int(status), "stdout": str(stdout), "stderr": str(stderr)}:
                return Completed(status, stdout, stderr)
            case {"status": _}:
                raise ConnectionError("the guest answers something else than a command's outcome")
        raise TimeoutError(
            f"'{shlex.join(argv)}' was still running in the guest after {timeout:.0f} s"
        )


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
        "IdentitiesOnly": "yes",
        "IdentityFile": KEY,
        "PreferredAuthentications": "publickey",
        "ServerAliveInterval": "30",
        "StrictHostKeyChecking": "accept-new",
        "UserKnownHostsFile": "known_hosts",
        "GlobalKnownHostsFile": "/dev/null",
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    server = shlex.join(("sudo", "-n", "python3", "-c", SERVER))
    where = ("-p", str(port), "-l", user, "--", ADDRESS)
    command = ["ssh", "-F", "none", "-T", *words, *where, server]
    awaited = f"SSH to let '{user}' in with the injected key, and sudo to make it root"
    refusal = ""
    while True:
        ours, theirs = socket.socketpair()
        with (
            ours,
            start(
                command,
                purpose="connect to the guest",
                log=workdir / LOG,
                cwd=workdir,
                speaks=theirs,
            ) as program,
        ):
            theirs.close()  # only ssh holds its end now, so that its death is seen here
            connection = Connection(JsonChannel(ours), program)
            wait(connection.greeted, awaited + refusal)
            if program.status is None:
                yield connection
                return
            refusal = "".join(f" (it said: {line})" for line in program.tail()[-1:])
        time.sleep(1)
