"""QEMU's monitor, spoken to over a socket pair."""

import json
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from builder.errors import BuilderError
from builder.vm.qmp import Qmp

GREETING = {"QMP": {"version": {}, "capabilities": []}}


class Peer:
    """The other end: sends what it is told to, remembers what it was sent."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.received: list[dict[str, object]] = []

    def say(self, *messages: object) -> None:
        self.connection.sendall(
            b"".join(json.dumps(message).encode() + b"\r\n" for message in messages)
        )

    def hear(self) -> dict[str, object]:
        line = b""
        while not line.endswith(b"\n"):
            line += self.connection.recv(1)
        message: dict[str, object] = json.loads(line.lstrip(b"\xff"))
        self.received.append(message)
        return message


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, Peer]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(5)
        yield ours, Peer(theirs)


def beside(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_command_is_answered_past_events(pair: tuple[socket.socket, Peer]) -> None:
    ours, qemu = pair

    def serve() -> None:
        qemu.say(GREETING)
        qemu.hear()
        qemu.say({"return": {}})
        qemu.hear()
        qemu.say({"event": "RESET"}, {"return": {"status": "running"}})

    server = beside(serve)
    answer = Qmp(ours).command("human-monitor-command", command_line="info usernet")
    server.join()
    assert answer == {"status": "running"}
    assert [message["execute"] for message in qemu.received] == [
        "qmp_capabilities",
        "human-monitor-command",
    ]
    assert qemu.received[1]["arguments"] == {"command-line": "info usernet"}


def test_a_refusal_has_qemus_own_words(pair: tuple[socket.socket, Peer]) -> None:
    ours, qemu = pair
    refusal = {"error": {"class": "CommandNotFound", "desc": "no such command"}}
    qemu.say(GREETING, {"return": {}}, refusal)
    with pytest.raises(BuilderError, match=r"no such command \(CommandNotFound\)"):
        Qmp(ours).command("nonsense")


def test_silence_ends_with_what_was_asked(pair: tuple[socket.socket, Peer]) -> None:
    ours, _ = pair
    with pytest.raises(TimeoutError, match="'query-status' within 0 s"):
        Qmp(ours).command("query-status", timeout=0.05)


def test_the_death_of_qemu_is_said(pair: tuple[socket.socket, Peer]) -> None:
    ours, qemu = pair
    qemu.connection.close()
    with pytest.raises(BuilderError, match="closed its monitor before it answered 'quit'"):
        Qmp(ours).command("quit")


def test_the_death_of_qemu_before_an_event_is_said(pair: tuple[socket.socket, Peer]) -> None:
    ours, qemu = pair
    qemu.connection.close()
    with pytest.raises(BuilderError, match=r"ended before it reported RESET\.\n.*qemu\.log"):
        Qmp(ours).event("RESET", timeout=5)
