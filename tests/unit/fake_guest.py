"""A guest that answers from a table, so that each probe can be seen to pass and to fail."""

from collections.abc import Mapping
from typing import Any

from builder.feature import CheckFailed, Completed, Machine

Answer = str | Completed


class FakeGuest:
    """``answers`` maps a part of a command's text to what the command prints, first match wins."""

    def __init__(
        self,
        answers: Mapping[str, Answer] | None = None,
        *,
        agent: Mapping[str, Any] | None = None,
        console: str = "",
        machine: Machine | None = None,
    ) -> None:
        self._answers = dict(answers or {})
        self._agent = dict(agent or {})
        self._console = console
        self.machine = machine or Machine()
        self.admin_user = "debian"

    def run(self, *argv: str, timeout: float = 60) -> Completed:  # noqa: ARG002 - the protocol's
        words = " ".join(argv)
        for part, answer in self._answers.items():
            if part in words:
                return Completed(0, answer, "") if isinstance(answer, str) else answer
        raise AssertionError(f"the fake guest has no answer for: {words}")

    def agent(self, command: str, **arguments: Any) -> Any:
        if command not in self._agent:
            raise CheckFailed(f"the guest agent refused '{command}': it is blocked")
        answer = self._agent[command]
        return answer(**arguments) if callable(answer) else answer

    def qmp(self, command: str, **arguments: Any) -> Any:
        raise AssertionError(f"no probe needs QEMU's monitor yet: {command} {arguments}")

    def console(self) -> str:
        return self._console
