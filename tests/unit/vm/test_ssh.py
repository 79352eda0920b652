"""The guest's side of the connection: a runner of commands, here in a process of this machine."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.host.process import start
from builder.vm.json_channel import JsonChannel
from builder.vm.ssh import SERVER, Connection


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-c", SERVER]
    log = tmp_path / "log"
    with ours, start(command, purpose="run a server", log=log, speaks=theirs) as program:
        theirs.close()
        ssh = Connection(JsonChannel(ours), program)
        while not ssh.greeted():
            pass
        yield ssh


def test_commands_are_run_one_after_the_other(connection: Connection) -> None:
    done = connection.run_as_root(("sh", "-c", "echo out; echo err >&2; exit 3"), 5)
    assert (done.status, done.stdout, done.stderr) == (3, "out\n", "err\n")
    assert connection.run_as_root(("echo", "ü\n€"), 5).stdout == "ü\n€\n"


def test_a_program_that_is_not_there_is_a_failed_command(connection: Connection) -> None:
    done = connection.run_as_root(("/no/such/program",), 5)
    assert done.status == 127
    assert "/no/such/program" in done.stderr


def test_a_command_that_runs_too_long_is_killed_with_its_children(connection: Connection) -> None:
    with pytest.raises(TimeoutError, match="was still running in the guest after 0 s"):
        connection.run_as_root(("sh", "-c", "sleep 60 & wait"), 0.2)
    assert connection.run_as_root(("echo", "next"), 5).stdout == "next\n"


def test_a_connection_that_is_lost_says_so(connection: Connection) -> None:
    with pytest.raises(ConnectionError):
        connection.run_as_root(("sh", "-c", "kill -9 $PPID"), 5)
