import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from builder.errors import HostError
from builder.vm import loopback

CONNECTS = """
import socket
from builder.vm import loopback
with socket.create_server(("127.0.0.1", 0)) as server:
    try:
        socket.create_connection(server.getsockname(), 5)
    except OSError:
        print("down")
    loopback.bring_up()
    loopback.bring_up()
    socket.create_connection(server.getsockname(), 5).close()
    print("up")
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a network namespace everywhere")
def test_in_a_namespace_of_its_own_it_is_brought_up() -> None:
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", CONNECTS],
        cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout == "down\nup\n"


def test_where_it_is_up_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    ioctl = fcntl.ioctl

    def noted(control: socket.socket, request: int, words: bytes) -> bytes:
        asked.append(request)
        return ioctl(control, request, words)

    monkeypatch.setattr(fcntl, "ioctl", noted)
    loopback.bring_up()
    assert asked == [loopback.SIOCGIFFLAGS]


def test_who_may_not_is_told_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_control: object, request: int, words: bytes) -> bytes:
        if request == loopback.SIOCSIFFLAGS:
            raise PermissionError(1, "Operation not permitted")
        return words

    monkeypatch.setattr(fcntl, "ioctl", refuse)
    with pytest.raises(HostError, match="loopback") as caught:
        loopback.bring_up()
    assert "ip link set lo up" in caught.value.hint
