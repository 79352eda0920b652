"""The guest agent, spoken to over a socket pair."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from builder.feature import CheckFailed
from builder.vm import guest_agent, json_channel


class Server(threading.Thread):
    """An agent: answers the handshake, then from a table."""

    def __init__(self, connection: socket.socket, answers: dict[str, Any], deaf: int = 0) -> None:
        super().__init__()
        self.connection = connection
        self.answers = answers
        self.deaf = deaf
        self.late: list[bytes] = []
        self.asked: list[dict[str, Any]] = []

    def run(self) -> None:
        for line in self.connection.makefile("rb"):
            message = json.loads(line.lstrip(b"\xff"))
            if message["execute"] == "guest-sync-delimited":
                answer = {"return": message["arguments"]["id"]}
                encoded = b"\xff" + json.dumps(answer).encode() + b"\n"
                if self.deaf:
                    self.deaf -= 1
                    self.late.append(encoded)
                else:
                    self.connection.sendall(b"".join(self.late) + encoded)
                continue
            self.asked.append(message)
            self.connection.sendall(json.dumps(self.answers[message["execute"]]).encode() + b"\n")


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def serve(connection: socket.socket, answers: dict[str, Any], deaf: int = 0) -> Server:
    server = Server(connection, answers, deaf)
    server.daemon = True
    server.start()
    return server


def test_an_answer_is_found_behind_what_others_left(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    theirs.sendall(b'rest of an answer"}\n{"return": 17}\n')
    serve(theirs, {"guest-ping": {"return": {}}})
    assert guest_agent.Agent(ours).command("guest-ping") == {}


def test_the_handshake_is_repeated_for_an_agent_that_starts_late(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guest_agent, "SYNC_EVERY", 0.05)
    ours, theirs = pair
    serve(theirs, {"guest-info": {"return": {"version": "7.2"}}}, deaf=2)
    assert guest_agent.Agent(ours).command("guest-info", timeout=5) == {"version": "7.2"}


def test_arguments_are_written_as_the_agent_names_them(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    server = serve(theirs, {"guest-exec": {"return": {"pid": 1}}})
    guest_agent.Agent(ours).command("guest-exec", path="/bin/true", capture_output=True)
    assert server.asked[0]["arguments"] == {"path": "/bin/true", "capture-output": True}


def test_a_refusal_has_the_agents_own_words(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    serve(theirs, {"guest-exec": {"error": {"class": "GenericError", "desc": "disabled"}}})
    with pytest.raises(CheckFailed, match="refused 'guest-exec': disabled"):
        guest_agent.Agent(ours).command("guest-exec")


def test_an_agent_that_is_not_there_ends_in_a_timeout(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, _ = pair
    with pytest.raises(TimeoutError, match="did not answer 'guest-ping' within"):
        guest_agent.Agent(ours).command("guest-ping", timeout=0.05)


def test_an_agent_that_is_not_there_is_waited_for_at_length_only_once(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guest_agent, "SYNC_EVERY", 0.05)
    ours, theirs = pair
    asked = guest_agent.Agent(ours)
    with pytest.raises(TimeoutError):
        asked.command("guest-ping", timeout=0.2)
    start = time.monotonic()
    with pytest.raises(TimeoutError, match="did not answer 'guest-info' within 0 s"):
        asked.command("guest-info", timeout=60)
    assert time.monotonic() - start < 5
    serve(theirs, {"guest-ping": {"return": {}}})
    assert asked.command("guest-ping") == {}


def test_the_death_of_qemu_fails_the_check(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.close()
    with pytest.raises(CheckFailed, match="closed the guest agent's channel"):
        guest_agent.Agent(ours).command("guest-ping", timeout=1)


def test_a_guest_that_sends_a_line_without_end_is_no_longer_listened_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(json_channel, "LINE_LIMIT", 100_000)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=_babble, args=(theirs,))
        sender.start()
        channel = json_channel.JsonChannel(ours)
        with pytest.raises(json_channel.ChannelClosed, match="a line of more than 100000 bytes"):
            channel.receive(time.monotonic() + 10)
        ours.shutdown(socket.SHUT_RDWR)
        sender.join()


def _babble(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        for _ in range(1000):
            connection.sendall(b"x" * 65536)
