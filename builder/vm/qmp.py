"""QEMU's monitor (QMP): https://www.qemu.org/docs/master/interop/qmp-spec.html."""

import socket
import time
from collections.abc import Mapping
from typing import Any

from builder.errors import BuilderError
from builder.vm.json_channel import ChannelClosed, JsonChannel

_ITS_LOG = "QEMU's own words are in the boot's qemu.log."
EVENTS_LIMIT = 1000


class Qmp:
    """The monitor of one running QEMU."""

    def __init__(self, connection: socket.socket) -> None:
        self._channel = JsonChannel(connection)
        self._ready = False
        self._events: list[dict[str, Any]] = []  # Any: JSON

    def command(self, name: str, *, timeout: float = 30, **arguments: Any) -> Any:  # Any: JSON
        """Give a command and return its answer; events that come between are kept.

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
            raise BuilderError(
                f"QEMU closed its monitor before it answered '{name}'.", hint=_ITS_LOG
            ) from error

    def event(self, name: str, *, timeout: float) -> Mapping[str, Any]:  # Any: JSON
        """Wait for an event and return its data; each is given out once, late or early.

        Raises ``TimeoutError``, or ``BuilderError`` when QEMU has ended.
        """
        deadline = time.monotonic() + timeout
        while True:
            for number, event in enumerate(self._events):
                if event["event"] == name:
                    del self._events[number]
                    data: Mapping[str, Any] = event.get("data", {})
                    return data
            try:
                message = self._channel.receive(deadline)
            except TimeoutError:
                raise TimeoutError(f"QEMU reported no {name} within {timeout:.0f} s") from None
            except ChannelClosed as error:
                raise BuilderError(
                    f"QEMU ended before it reported {name}.", hint=_ITS_LOG
                ) from error
            if "event" in message:
                self._note(message)

    def forget(self, name: str) -> None:
        """Drop the events of this name that have come so far."""
        self._events = [event for event in self._events if event["event"] != name]

    def _note(self, event: dict[str, Any]) -> None:  # Any: JSON
        """Keep an event, and of what a guest causes without end the newest."""
        self._events = [*self._events[1 - EVENTS_LIMIT :], event]

    def _await(self, key: str, deadline: float) -> Any:  # Any: JSON
        while True:
            message = self._channel.receive(deadline)
            if "event" in message:
                self._note(message)
                continue
            if "error" in message:
                error = message["error"]
                raise BuilderError(f"QEMU refused: {error['desc']} ({error['class']}).")
            if key in message:
                return message[key]
