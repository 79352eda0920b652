"""The QEMU guest agent, asked through its virtio-serial channel.

https://www.qemu.org/docs/master/interop/qemu-ga-ref.html
"""

import itertools
import socket
import time
from typing import Any

from builder.feature import CheckFailed
from builder.vm.json_channel import DELIMITER, ChannelClosed, JsonChannel

SYNC_EVERY = 5.0


class Agent:
    """The host's end of one guest's agent channel."""

    def __init__(self, connection: socket.socket) -> None:
        self._channel = JsonChannel(connection)
        self._ids = itertools.count(1)
        self._silent = False

    def command(self, name: str, *, timeout: float = 60, **arguments: Any) -> Any:  # Any: JSON
        """Ask and return the answer; argument names are written with underscores for hyphens.

        ``timeout`` is in seconds; one who was silent all that time is waited for briefly from then
        on. Raises ``TimeoutError`` when the agent does not answer, ``CheckFailed`` with the agent's
        own error text or when QEMU has closed the channel.
        """
        if self._silent:
            timeout = min(timeout, SYNC_EVERY)
        deadline = time.monotonic() + timeout
        try:
            self._silent = True
            self._synchronise(deadline)
            self._silent = False
            given = {key.replace("_", "-"): value for key, value in arguments.items()}
            self._channel.send({"execute": name, "arguments": given})
            answer = self._channel.receive(deadline)
        except TimeoutError:
            raise TimeoutError(
                f"the guest agent did not answer '{name}' within {timeout:.0f} s"
            ) from None
        except ChannelClosed as error:
            raise CheckFailed(f"QEMU closed the guest agent's channel at '{name}'") from error
        match answer:
            case {"error": {"desc": str(reason)}}:
                raise CheckFailed(f"the guest agent refused '{name}': {reason}")
            case {"return": value}:
                return value
        keys = ", ".join(sorted(answer)) or "nothing"
        raise CheckFailed(
            f"the guest agent answered '{name}' with neither result nor error: {keys}"
        )

    def _synchronise(self, deadline: float) -> None:
        """Find the answer to our own question behind anything that was said before.

        An agent that has just started may lose what it was sent, so the question is repeated;
        each has a number of its own, and late answers to earlier ones are passed over.
        """
        while True:
            number = next(self._ids)
            self._channel.send(
                {"execute": "guest-sync-delimited", "arguments": {"id": number}}, prefix=DELIMITER
            )
            patience = min(deadline, time.monotonic() + SYNC_EVERY)
            try:
                while self._channel.receive(patience).get("return") != number:
                    pass
            except TimeoutError:
                if time.monotonic() >= deadline:
                    raise
            else:
                return
