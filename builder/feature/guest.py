"""A running guest, as probes see it."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from builder.feature.machine import Machine

CONSOLE = "console"
"""The terminal that every machine has: its first serial port."""


@dataclass(frozen=True)
class Completed:
    """A command that ran to its end in a guest."""

    status: int
    stdout: str
    stderr: str


class Guest(Protocol):
    """A running guest."""

    @property
    def machine(self) -> Machine:
        """The hardware it runs on."""
        ...

    @property
    def emulated(self) -> bool:
        """Whether its CPUs are emulated: slow, and still whenever the host is busy."""
        ...

    @property
    def admin_user(self) -> str:
        """The default user that cloud-init made, with the injected SSH key."""
        ...

    def run(self, *argv: str, timeout: float = 60) -> Completed:
        """Run a command as root, over SSH as the default user with sudo. Seconds are wall clock.

        Raises ``TimeoutError`` that says what was waited for.
        """
        ...

    def agent(self, command: str, *, timeout: float = 60, **arguments: Any) -> Any:  # Any: JSON
        """Ask the guest agent through its virtio-serial channel and return its answer.

        Raises ``TimeoutError``, or ``CheckFailed`` with the agent's own error text.
        """
        ...

    def qmp(self, command: str, **arguments: Any) -> Any:  # Any: QEMU's JSON
        """Give QEMU itself a monitor command and return its answer."""
        ...

    def event(self, name: str, *, timeout: float) -> Mapping[str, Any]:  # Any: QEMU's JSON
        """Wait for an event of QEMU's monitor and return its data.

        Every event is given out once, also one that came before it was waited for.
        Raises ``TimeoutError`` after ``timeout`` seconds.
        """
        ...

    def idle(self) -> AbstractContextManager[object]:
        """While the block runs, the guest does little: others may use its core meanwhile."""
        ...

    def new_volume(self, size: int) -> str:
        """Make an empty, thin volume of ``size`` bytes and return the name of its block node.

        It is part of no device yet: ``device_add`` with ``drive=`` plugs it in.
        """
        ...

    def console(self, terminal: str = CONSOLE) -> str:
        """Everything the serial console, or another terminal, has shown so far.

        Which terminals a machine has beside it is declared by its devices.
        """
        ...

    def type(self, text: str, terminal: str = CONSOLE) -> None:
        """Type on the serial console, or on another terminal; a line ends with a newline."""
        ...

    def wait_for_console(
        self, pattern: str, *, timeout: float, after: int = 0, terminal: str = CONSOLE
    ) -> int:
        """Wait until the console shows a regular expression, and return where the match ends.

        ``after`` is such a position: what stands before it is not looked at.
        Raises ``TimeoutError`` after ``timeout`` seconds.
        """
        ...

    def wait_for_restart(self, *, timeout: float) -> None:
        """Wait until the guest, which is being started anew, lets the default user in again.

        That it has started anew is told by its boot id. Raises ``TimeoutError``, ``CheckFailed``.
        """
        ...
