"""Guests that answer over SSH and the agent what nobody would expect."""

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake_guest import FakeGuest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import plan

from builder.feature import CheckFailed, Completed, Outcome
from builder.features.registry import shipped
from builder.proof.checks import Check, checks_of, record
from builder.vm.guest_agent import Agent
from builder.vm.json_channel import ChannelClosed, JsonChannel
from builder.vm.ssh import Connection

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=8), children, max_size=4)
    ),
    max_leaves=12,
)
WORDS = ("return", "error", "desc", "class", "id", "status", "stdout", "stderr", "event", "data")
ANSWER = st.dictionaries(st.sampled_from(WORDS), JSON, max_size=4)
NESTED = b"[" * 200_000
LINES = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b"\xff\xff",
    b"\xff{",
    NESTED,
    b'{"return": ' + NESTED,
    b'{"return": ' + b"9" * 10_000 + b"}",
    b'{"error": null}',
    b'{"error": {"desc": 1}}',
    b'{"error": {"desc": "no", "class": "x"}}',
    b'{"status": "0", "stdout": 1, "stderr": null}',
    b'{"status": 1e999}',
    b'{"id": 1, "status": [], "stdout": {}, "stderr": ""}',
]


class Speaker:
    """The guest's end: says a line again and again, in answer to whatever it is asked."""

    def __init__(self, line: bytes, prefix: Callable[[dict[str, Any]], bytes]) -> None:
        self.ours, self.theirs = socket.socketpair()
        self._line, self._prefix = line, prefix
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with suppress(OSError), self.theirs, self.theirs.makefile("rb") as asked:
            for question in asked:
                self.theirs.sendall(self._prefix(json.loads(question.lstrip(b"\xff"))))
                self.theirs.sendall(self._line + b"\n")


def synchronised(question: dict[str, Any]) -> bytes:
    """An agent that keeps to its protocol until it is asked something."""
    if question["execute"] == "guest-sync-delimited":
        return b"\xff" + json.dumps({"return": question["arguments"]["id"]}).encode() + b"\n"
    return b""


@pytest.mark.parametrize("line", LINES)
def test_no_answer_of_an_agent_is_more_than_a_failed_check(line: bytes) -> None:
    speaker = Speaker(line, synchronised)
    with speaker.ours, suppress(CheckFailed, TimeoutError):
        Agent(speaker.ours).command("guest-ping", timeout=0.3)


@pytest.mark.parametrize("line", LINES)
def test_no_answer_over_ssh_is_more_than_a_lost_connection(line: bytes) -> None:
    speaker = Speaker(line, lambda _: b"")
    program: Any = SimpleNamespace(wait=lambda _: True, tail=tuple)
    with speaker.ours, suppress(ConnectionError, TimeoutError):
        Connection(JsonChannel(speaker.ours), program).run_as_root(("true",), -14.7)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(ANSWER)
def test_no_object_is_more_than_an_outcome_or_a_lost_connection(answer: dict[str, Any]) -> None:
    line = json.dumps({**answer, "id": 1}).encode()
    speaker = Speaker(line, lambda _: b"")
    program: Any = SimpleNamespace(wait=lambda _: True, tail=tuple)
    with speaker.ours, suppress(ConnectionError, TimeoutError):
        found = Connection(JsonChannel(speaker.ours), program).run_as_root(("true",), -14.7)
        assert isinstance(found.status, int)
        assert isinstance(found.stdout + found.stderr, str)


def test_many_short_lines_take_no_square_of_their_number() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        writer = threading.Thread(target=lambda: theirs.sendall(b"1\n" * (2 << 20)), daemon=True)
        writer.start()
        start = time.process_time()
        with pytest.raises(TimeoutError):
            JsonChannel(ours).receive(time.monotonic() + 20)
        assert time.process_time() - start < 10


def test_a_line_without_end_is_not_kept() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = JsonChannel(ours)

        def flood() -> None:
            with suppress(OSError):
                theirs.sendall(b"1" * (64 << 20))

        threading.Thread(target=flood, daemon=True).start()
        with pytest.raises(ChannelClosed):
            channel.receive(time.monotonic() + 30)


PLAN = plan("pinned-scsi")
PROBES = {
    name: check for name, check in checks_of(PLAN, shipped()).items() if check.kind == "probe"
}
SAID = [
    "",
    "\0",
    "x",
    "-1",
    "9" * 5000,
    "1e999 nan inf",
    "a b c d e f g h",
    "{}",
    "[]",
    '[{"ifname": 1}]',
    '{"v1": []}',
    "[" * 100_000,
    "\n" * 100,
    "../../../etc/passwd",
    "\x1b]0;title\x07",
    "\ud800",
    "x" * (1 << 20),
]


class Babbling(FakeGuest):
    """Says the same to everything."""

    def __init__(self, said: str, answer: Any) -> None:
        super().__init__(console=said, events={"RESET": {}, "WATCHDOG": {}, "DEVICE_DELETED": {}})
        self._said, self._answer = said, answer

    def run(self, *_: str, **__: Any) -> Completed:
        return Completed(0, self._said, self._said)

    def agent(self, *_: str, **__: Any) -> Any:
        return self._answer

    def qmp(self, command: str, **__: Any) -> Any:
        # QEMU is this host's: it answers as it does.
        nodes = [{"node-name": "root", "image": {"actual-size": 1 << 30}}]
        return {"query-named-block-nodes": nodes}.get(command, {})


@pytest.fixture(autouse=True)
def no_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    monkeypatch.setattr("builder.features.guest_agent.time.sleep", sleep)
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + clock[0])


@pytest.mark.parametrize("probe", PROBES)
def test_a_guest_that_says_the_same_to_everything_fails(
    probe: str, record_property: Callable[[str, object], None]
) -> None:
    record_property("inputs", len(SAID))
    for said in SAID:
        found = record(PROBES[probe], Babbling(said, said), image_sha256="")
        assert found.outcome is not Outcome.ERROR, (said[:40], found.seen)
        assert len(found.seen) < 20_000
        assert all(line.isprintable() for line in found.seen.splitlines())


@settings(max_examples=200)
@given(JSON)
def test_what_an_agent_answers_to_a_probe_is_never_a_defect(answer: Any) -> None:
    found = record(PROBES["guest-agent/agent-answers"], Babbling("", answer), image_sha256="")
    assert found.outcome in {Outcome.FAILED, Outcome.PASSED}


def test_a_defect_of_ours_is_told_as_one() -> None:
    def defective(_: Any) -> str:
        raise AssertionError

    check = Check("a/b", "probe", "it holds", defective)
    found = record(check, None, image_sha256="")
    assert (found.outcome, found.at <= datetime.now(UTC)) == (Outcome.ERROR, True)
    assert Path(found.check).name == "b"
