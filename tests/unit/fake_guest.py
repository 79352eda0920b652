"""A guest that answers from a table, so that each probe can be seen to pass and to fail."""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from builder.feature import CONSOLE, CheckFailed, Completed, Machine

Answer = str | Completed


class FakeGuest:
    """``answers`` maps a part of a command's text to what the command prints, first match wins."""

    def __init__(
        self,
        answers: Mapping[str, Answer] | None = None,
        *,
        agent: Mapping[str, Any] | None = None,
        console: str = "",
        terminals: Mapping[str, str] | None = None,
        machine: Machine | None = None,
        qmp: Mapping[str, Any] | None = None,
        events: Mapping[str, Mapping[str, Any]] | None = None,
        restarts: bool = False,
    ) -> None:
        self._qmp = dict(qmp or {})
        self._events = dict(events or {})
        self._restarts = restarts
        self.typed = ""
        self._answers = dict(answers or {})
        self._agent = dict(agent or {})
        self._console = console
        self._terminals = dict(terminals or {})
        self.machine = machine or Machine()
        self.admin_user = "debian"
        self.emulated = True

    def run(self, *argv: str, timeout: float = 60) -> Completed:  # noqa: ARG002 - the protocol's
        words = " ".join(argv)
        for part, answer in self._answers.items():
            if part in words:
                return Completed(0, answer, "") if isinstance(answer, str) else answer
        raise AssertionError(f"the fake guest has no answer for: {words}")

    def agent(self, command: str, *, timeout: float = 60, **arguments: Any) -> Any:  # noqa: ARG002
        if command not in self._agent:
            raise CheckFailed(f"the guest agent refused '{command}': it is blocked")
        answer = self._agent[command]
        return answer(**arguments) if callable(answer) else answer

    def qmp(self, command: str, **arguments: Any) -> Any:
        if command not in self._qmp:
            raise AssertionError(f"the fake guest has no answer for QMP: {command} {arguments}")
        answer = self._qmp[command]
        return answer(**arguments) if callable(answer) else answer

    def event(self, name: str, *, timeout: float) -> Mapping[str, Any]:
        if name not in self._events:
            raise TimeoutError(f"QEMU reported no {name} within {timeout:.0f} s")
        return self._events[name]

    def idle(self) -> AbstractContextManager[object]:
        return nullcontext()

    def new_volume(self, size: int) -> str:  # noqa: ARG002 - the protocol's
        return "volume1"

    def console(self, terminal: str = CONSOLE) -> str:
        return self._console if terminal == CONSOLE else self._terminals[terminal]

    def type(self, text: str, terminal: str = CONSOLE) -> None:
        assert terminal in {CONSOLE, *self._terminals}
        self.typed += text

    def wait_for_console(
        self, pattern: str, *, timeout: float, after: int = 0, terminal: str = CONSOLE
    ) -> int:
        match = re.compile(pattern).search(self.console(terminal), after)
        if match is None:
            raise TimeoutError(f"the {terminal} did not show '{pattern}' within {timeout:.0f} s")
        return match.end()

    def wait_for_restart(self, *, timeout: float) -> None:
        if not self._restarts:
            raise TimeoutError(f"QEMU reported no RESET within {timeout:.0f} s")


def pluggable(answers: Mapping[str, Answer]) -> FakeGuest:
    """A guest that devices can be plugged into."""
    qmp = {"device_add": {}, "device_del": {}}
    return FakeGuest(answers, qmp=qmp, events={"DEVICE_DELETED": {}})
