"""A running guest as the probes see it: the ``Guest`` protocol over SSH, agent and monitor."""

import contextlib
import itertools
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from builder.errors import BuilderError, InterruptedByUser
from builder.feature import CONSOLE, CheckFailed, Completed, Machine
from builder.linux import console
from builder.vm.console_log import ConsoleLog
from builder.vm.guest_agent import Agent
from builder.vm.qmp import Qmp
from builder.vm.ssh import Connection

POLL = 0.25

Connect = Callable[[float, int], contextlib.AbstractContextManager[Connection]]
"""Connects to a guest that is starting, within so many seconds; the console is watched for signs
of trouble from a position on."""


@dataclass(frozen=True)
class Control:
    """How whoever has started a guest and the guest act on each other."""

    cancelled: threading.Event = field(default_factory=threading.Event)
    """Set, it ends the guest at once, whatever waits for it."""
    idle: Callable[[], contextlib.AbstractContextManager[object]] = contextlib.nullcontext
    """Entered while the guest does little, for whoever else could use its core."""


class GuestNotUp(BuilderError):
    """The guest ran, and did not come up: that is the image's doing, not this machine's."""


@dataclass(frozen=True)
class GuestChannels:
    """What leads from this program into one guest."""

    console: Path
    """What it has shown; what other terminals show is in files of their names beside it."""
    keyboard: Path
    qmp: Qmp
    emulated: bool
    agent: Agent | None
    connect: Connect
    volumes: Path
    """Where the files of new volumes are made; their owner removes them."""
    excess: Callable[[], str] = str
    """What the guest was ended for, where it wrote too much."""
    throttled: Callable[[], contextlib.AbstractContextManager[object]] = contextlib.nullcontext
    """Entered while the guest is to have little of this host's time."""


class RunningGuest:
    """What ``builder.vm.launch.booted`` yields; it satisfies ``builder.feature.guest.Guest``.

    A context manager: SSH is connected in its block only.
    """

    def __init__(
        self,
        machine: Machine,
        admin_user: str,
        lines: GuestChannels,
        *,
        boot_limit: float,
        login: bool = True,
        control: Control,
    ) -> None:
        self._machine = machine
        self._admin_user = admin_user
        self._lines = lines
        self._boot_limit = boot_limit
        self._login = login
        self._control = control
        self._numbers = itertools.count(1)
        self._session = contextlib.ExitStack()
        self._ssh: Connection | None = None
        self._shown: dict[str, ConsoleLog] = {}

    def __enter__(self) -> Self:
        if self._login:
            self._connect(self._boot_limit, 0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._session.close()

    def _connect(self, limit: float, since: int) -> None:
        self._session.close()
        self._ssh = self._session.enter_context(self._lines.connect(limit, since))
        self._lines.qmp.forget("RESET")  # the firmware may make several

    @property
    def machine(self) -> Machine:
        """The hardware it runs on."""
        return self._machine

    @property
    def emulated(self) -> bool:
        """Whether its CPUs are emulated."""
        return self._lines.emulated

    @property
    def admin_user(self) -> str:
        """The default user that cloud-init made, with the injected SSH key."""
        return self._admin_user

    def run(self, *argv: str, timeout: float = 60) -> Completed:
        """Run a command as root.

        Raises ``TimeoutError``, ``CheckFailed`` if the guest is lost, ``InterruptedByUser`` if it
        was ended on purpose.
        """
        if self._ssh is None:
            raise CheckFailed("nobody is logged in to this guest")
        try:
            return self._ssh.run_as_root(argv, timeout)
        except TimeoutError as error:
            raise self._in_vain(error) from None
        except ConnectionError as error:
            self._refuse_if_ended()
            raise CheckFailed(f"the SSH connection to the guest broke: {error}") from error

    def agent(self, command: str, *, timeout: float = 60, **arguments: Any) -> Any:  # Any: JSON
        """Ask the guest agent. Raises ``TimeoutError``, ``CheckFailed``."""
        if self._lines.agent is None:
            raise CheckFailed("this machine has no guest agent channel")
        try:
            return self._lines.agent.command(command, timeout=timeout, **arguments)
        except TimeoutError as error:
            raise self._in_vain(error) from None

    def qmp(self, command: str, **arguments: Any) -> Any:  # Any: QEMU's JSON
        """Give QEMU itself a monitor command and return its answer.

        Raises ``BuilderError`` where QEMU refuses, ``CheckFailed`` where the guest was ended for
        what it wrote.
        """
        try:
            return self._lines.qmp.command(command, **arguments)
        except BuilderError:
            self._refuse_if_ended()
            raise

    def event(self, name: str, *, timeout: float) -> Mapping[str, Any]:  # Any: QEMU's JSON
        """Wait for an event of QEMU's monitor and return its data.

        Raises ``TimeoutError``, and as ``qmp`` does.
        """
        try:
            return self._lines.qmp.event(name, timeout=timeout)
        except TimeoutError as error:
            raise self._in_vain(error) from None
        except BuilderError:
            self._refuse_if_ended()
            raise

    @contextlib.contextmanager
    def idle(self) -> Iterator[None]:
        """While the block runs, the guest does little: its core may do something else.

        Where its CPUs are emulated it has a tenth of one: a kernel that has panicked spins.
        """
        throttled = self._lines.throttled if self._lines.emulated else contextlib.nullcontext
        with self._control.idle(), throttled():
            yield

    def _in_vain(self, error: TimeoutError) -> TimeoutError:
        shown = self.console()
        reason = console.boot_failure(shown) or "the console's last lines"
        return TimeoutError("\n  ".join((f"{error}; {reason}:", *console.tail(shown))))

    def new_volume(self, size: int) -> str:
        """Make an empty, thin volume of ``size`` bytes and return the name of its block node."""
        name = f"volume{next(self._numbers)}"
        path = self._lines.volumes / f"{name}.raw"
        with path.open("wb") as file:
            file.truncate(size)
        discard = "unmap" if self._machine.discard else "ignore"
        medium = {"driver": "file", "filename": str(path), "discard": discard}
        self.qmp("blockdev-add", driver="raw", node_name=name, discard=discard, file=medium)
        return name

    def console(self, terminal: str = CONSOLE) -> str:
        """Everything the serial console, or another terminal, has shown so far."""
        path = self._beside(self._lines.console, terminal)
        return self._shown.setdefault(terminal, ConsoleLog(path)).text()

    @staticmethod
    def _beside(of_console: Path, terminal: str) -> Path:
        return of_console.with_stem(terminal) if terminal != CONSOLE else of_console

    def type(self, text: str, terminal: str = CONSOLE) -> None:
        """Type on the serial console, or on another terminal."""
        path = self._beside(self._lines.keyboard, terminal)
        # Not blocking: a guest that reads nothing must not hold this program.
        keyboard = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(keyboard, text.encode())
        finally:
            os.close(keyboard)

    def wait_for_console(
        self, pattern: str, *, timeout: float, after: int = 0, terminal: str = CONSOLE
    ) -> int:
        """Wait until a line of the console, or of another terminal, shows a pattern.

        Returns where the match ends.

        Raises ``TimeoutError``, ``InterruptedByUser`` if the guest was ended on purpose.
        """
        deadline = time.monotonic() + timeout
        start = after
        while True:
            shown = self.console(terminal)
            match = re.compile(pattern).search(shown, start)
            if match is not None:
                return match.end()
            # The last line may be half of what is waited for; no line before it changes.
            start = max(start, shown.rfind("\n") + 1, len(shown) - console.LINE_LIMIT)
            self._refuse_if_ended()
            if time.monotonic() > deadline:
                last = "\n  ".join(console.tail(shown[after:]))
                raise TimeoutError(
                    f"the {terminal} did not show '{pattern}' within {timeout:.0f} s; it shows:\n"
                    f"  {last}"
                )
            time.sleep(POLL)

    def wait_for_restart(self, *, timeout: float) -> None:
        """Wait until the guest has been reset and lets the default user in again.

        Raises ``TimeoutError`` where no reset comes, ``CheckFailed`` where the guest is not back
        within ``timeout`` seconds.
        """
        start = time.monotonic()
        self.event("RESET", timeout=timeout)
        since = len(self.console())
        try:
            self._connect(timeout - (time.monotonic() - start), since)
        except GuestNotUp as error:
            raise CheckFailed(f"the guest was reset and did not come back: {error}") from error

    def _refuse_if_ended(self) -> None:
        if self._control.cancelled.is_set():
            raise InterruptedByUser("The boot was cancelled.")
        if self._lines.excess():
            raise CheckFailed(self._lines.excess())
