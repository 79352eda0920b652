"""A verb that runs beside this program: its log, the phase it is in, and why it failed."""

import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder.errors import BuilderError, HostError, InterruptedByUser
from builder.fleet.commands import Command
from builder.host.process import TAIL_LINES, start
from builder.terminal import log

PROGRAM = (sys.executable, "-P", "-c", "from builder.cli.program import main; main()")
"""This program, whoever has started it."""

LIMIT = 6 * 3600.0
"""Seconds that a verb may take: emulated guests of a slow machine boot for hours."""
PATIENCE = 60.0
"""Seconds that an interrupted verb has to clean up after itself."""
_POLL = 0.5


@dataclass(frozen=True)
class Ended:
    """A verb that has run to its end."""

    status: int
    log: Path
    error: BuilderError | None
    """What it said last, where it told an error."""

    @property
    def failure(self) -> BuilderError:
        """Why it failed: what it told, or the last that is known of it."""
        if self.error is not None:
            return self.error
        rest = [text for text in _lines(self.log) if _message(text) is None]
        how = signal.Signals(-self.status).name if self.status < 0 else f"exit code {self.status}"
        return BuilderError(
            f"It ended with {how}.",
            details=rest[-TAIL_LINES:],
            hint=f"All that it said is in {self.log}.",
        )


def run_session(
    command: Command,
    directory: Path,
    *,
    cpus: Sequence[int],
    cancelled: threading.Event,
    tell: Callable[[str], None],
    program: Sequence[str] = PROGRAM,
) -> Ended:
    """Run a verb to its end, on these CPUs of the host alone, or without any on all.

    What it says is in a log below ``directory``; each of its phases is told. Should this program be
    killed, the verb is, too. Raises ``InterruptedByUser`` where the rest is ``cancelled``,
    ``HostError`` where the verb is still running after six hours.
    """
    path = directory / f"{command.name}.log"
    pinned = ("taskset", "--cpu-list", ",".join(map(str, cpus))) if cpus else ()
    words = [*pinned, *program, *command.words, log.OPTION, "json"]
    deadline = time.monotonic() + LIMIT
    with start(words, purpose=f"run guest-image {command.words[0]}", log=path) as running:
        follower = _Follower(path)
        while not running.wait(_POLL):
            for message in follower.new():
                if message.get("event") in {"phase", "at-work"}:
                    tell(str(message.get("message", "")))
            if cancelled.is_set():
                running.end(PATIENCE)
                raise InterruptedByUser("Interrupted.")
            if time.monotonic() > deadline:
                running.end(PATIENCE)
                raise HostError(
                    f"guest-image {command.words[0]} was still running after"
                    f" {LIMIT / 3600:.0f} hours.",
                    details=running.tail(),
                    hint=f"Its log tells where it hangs: {path}",
                )
        status = running.status or 0
    return Ended(status, path, _error(path))


class _Follower:
    """Reads the messages that a log has got since the last time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def new(self) -> Iterator[dict[str, Any]]:  # Any: JSON
        with self._path.open("rb") as file:
            file.seek(self._offset)
            content = file.read()
        whole = content.rpartition(b"\n")[0]
        self._offset += len(whole) + bool(whole)
        for text in whole.decode(errors="replace").splitlines():
            message = _message(text)
            if message is not None:
                yield message


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _message(text: str) -> dict[str, Any] | None:  # Any: JSON
    """A line of JSON that the program has written of itself; None for any other."""
    if not text.startswith('{"time": '):
        return None
    try:
        message = json.loads(text)
    except ValueError:
        return None
    return message if isinstance(message, dict) and "event" in message else None


def _error(path: Path) -> BuilderError | None:
    """The last error that was told."""
    for text in reversed(_lines(path)):
        message = _message(text)
        if message is not None and message["event"] in {"error", "internal-error"}:
            return BuilderError(
                str(message.get("message")),
                details=[str(line) for line in message.get("details", ())],
                hint=str(message.get("hint", "")),
            )
    return None
