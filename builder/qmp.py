"""QEMU's monitor (QMP): https://www.qemu.org/docs/master/interop/qmp-spec.html."""

import socket
import time
from typing import Any

from builder.errors import BuilderError
from builder.jsonchannel import ChannelClosed, JsonChannel


class Qmp:
    """The monitor of one running QEMU."""

    def __init__(self, connection: socket.socket) -> None:
        self._channel = JsonChannel(connection)
        self._ready = False

    def command(self, name: str, *, timeout: float = 30, **arguments: Any) -> Any:  # Any: JSON
        """Give a command and return its answer; events that come between are dropped.

        Argument names are written with underscores for hyphens. Raises ``TimeoutError``, or
        ``BuilderError`` with QEMU's own error text, or when QEMU has ended.
        """
        deadline = time.monotonic() + timeout
        try:
            if not self._ready:
                self._await("QMP", deadline)
                self._channel.send({"execute": "qmp_capabilities"})
                self._await("return", deadline)
                self._ready = True
            given = {key.replace("_", "-"): value for key, value in arguments.items()}
            self._channel.send({"execute": name, "arguments": given})
            return self._await("return", deadline)
        except TimeoutError:
            raise TimeoutError(
                f"QEMU's monitor did not answer '{name}' within {timeout:.0f} s"
            ) from None
        except ChannelClosed as error:
            raise BuilderError(f"QEMU closed its monitor before it answered '{name}'.") from error

    def _await(self, key: str, deadline: float) -> Any:  # Any: JSON
        while True:
            message = self._channel.receive(deadline)
            if "error" in message:
                error = message["error"]
                raise BuilderError(f"QEMU refused: {error['desc']} ({error['class']}).")
            if key in message:
                return message[key]
