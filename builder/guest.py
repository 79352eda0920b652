"""A running guest as the probes see it: the ``Guest`` protocol over SSH, agent and monitor."""

import threading
from pathlib import Path
from typing import Any

from builder.agent import Agent
from builder.errors import InterruptedByUser
from builder.feature import CheckFailed, Completed, Machine
from builder.linux import console
from builder.qmp import Qmp
from builder.ssh import Connection


class RunningGuest:
    """What ``builder.vm.booted`` yields; it satisfies ``builder.feature.Guest``."""

    def __init__(
        self,
        machine: Machine,
        admin_user: str,
        *,
        console_log: Path,
        ssh: Connection,
        qmp: Qmp,
        agent: Agent | None,
        cancelled: threading.Event | None = None,
    ) -> None:
        self._machine = machine
        self._admin_user = admin_user
        self._console_log = console_log
        self._ssh = ssh
        self._qmp = qmp
        self._agent = agent
        self._cancelled = cancelled

    @property
    def machine(self) -> Machine:
        """The hardware it runs on."""
        return self._machine

    @property
    def admin_user(self) -> str:
        """The default user that cloud-init made, with the injected SSH key."""
        return self._admin_user

    def run(self, *argv: str, timeout: float = 60) -> Completed:
        """Run a command as root.

        Raises ``TimeoutError``, ``CheckFailed`` if the guest is lost, ``InterruptedByUser`` if it
        was ended on purpose.
        """
        try:
            return self._ssh.run_as_root(argv, timeout)
        except TimeoutError as error:
            shown = self.console()
            reason = console.stuck(shown) or "the console's last lines"
            raise TimeoutError("\n  ".join((f"{error}; {reason}:", *console.tail(shown)))) from None
        except ConnectionError as error:
            if self._cancelled is not None and self._cancelled.is_set():
                raise InterruptedByUser("The boot was cancelled.") from None
            raise CheckFailed(f"the SSH connection to the guest broke: {error}") from error

    def agent(self, command: str, **arguments: Any) -> Any:  # Any: the agent's JSON
        """Ask the guest agent. Raises ``TimeoutError``, ``CheckFailed``."""
        if self._agent is None:
            raise CheckFailed("this machine has no guest agent channel")
        return self._agent.command(command, **arguments)

    def qmp(self, command: str, **arguments: Any) -> Any:  # Any: QEMU's JSON
        """Give QEMU itself a monitor command and return its answer."""
        return self._qmp.command(command, **arguments)

    def console(self) -> str:
        """Everything the serial console has shown so far."""
        return self._console_log.read_text(errors="replace")
