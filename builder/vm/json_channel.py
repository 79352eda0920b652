"""JSON over a socket, one object a line: what QEMU's monitor and the guest agent both speak.

The kept library for QMP (qemu.qmp) is asyncio only and does not speak the agent's protocol, which
differs by its handshake. Both need little more than this file.
"""

import json
import socket
import time
from typing import Any

# The agent answers guest-sync-delimited with this byte before the JSON. It is never part of UTF-8.
DELIMITER = b"\xff"

LINE_LIMIT = 16 << 20
"""Bytes: no answer is longer. The guest agent is the guest's own program, and may be hostile."""


class ChannelClosed(Exception):
    """The other side has closed the channel."""


class JsonChannel:
    """One socket to QEMU. Not for several threads at once."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._pending = bytearray()

    def send(self, message: dict[str, Any], *, prefix: bytes = b"") -> None:  # Any: JSON
        """Send one object. Raises ``ChannelClosed``."""
        self._connection.settimeout(5)
        try:
            self._connection.sendall(prefix + json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise ChannelClosed(str(error)) from error

    def receive(self, deadline: float) -> dict[str, Any]:  # Any: JSON
        """The next object, or ``TimeoutError`` when ``time.monotonic()`` passes the deadline.

        Lines that are no JSON object are passed over: the rest of an answer to someone who had
        spoken on the channel before.
        """
        while True:
            end = self._pending.find(b"\n")
            if end < 0:
                self._fill(deadline)
                continue
            line = bytes(self._pending[:end])
            del self._pending[: end + 1]
            try:
                message = json.loads(line.rpartition(DELIMITER)[2])
            except (ValueError, RecursionError):  # the latter of what is nested without end
                continue
            if isinstance(message, dict):
                return message

    def _fill(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        try:
            received = self._connection.recv(65536)
        except TimeoutError:
            raise
        except OSError as error:
            raise ChannelClosed(str(error)) from error
        if not received:
            raise ChannelClosed("end of file")
        self._pending += received
        if len(self._pending) > LINE_LIMIT and b"\n" not in received:
            raise ChannelClosed(f"a line of more than {LINE_LIMIT} bytes")
