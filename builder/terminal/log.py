"""How the program speaks on standard error: as text for people, or as JSON lines for collectors.

A line is an object with ``time`` (UTC), ``level``, ``event``, ``message``, and more by its event.
What is answered on standard output is another matter: ``--json``.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from builder.errors import BuilderError
from builder.words import printable_lines

LogFormat = Literal["text", "json"]
Level = Literal["info", "warning", "error"]

FORMATS: tuple[LogFormat, ...] = ("text", "json")
OPTION = "--log-format"
VARIABLE = "GUEST_IMAGE_LOG_FORMAT"


class _Chosen:
    """The format of this run: of the whole process, as standard error is."""

    log_format: LogFormat = "text"


def choose(log_format: LogFormat) -> None:
    """Speak so from now on."""
    _Chosen.log_format = log_format


def speaks_json() -> bool:
    """Whether JSON lines are wanted."""
    return _Chosen.log_format == "json"


def named_format(arguments: Sequence[str], variable: str) -> LogFormat:
    """The format that the command line, or else the variable's value, names; text where none does.

    It is looked for before anything is understood, so that a mistake in the rest of the command
    line is told in it, too. A value that is no format is left to who understands options.
    """
    named = variable
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    for word, following in zip(options, [*options, ""][1:], strict=True):
        if word == OPTION:
            named = following
        elif word.startswith(f"{OPTION}="):
            named = word.partition("=")[2]
    return "json" if named == "json" else "text"


def json_line(level: Level, event: str, message: str, **fields: object) -> str:
    """One line, without its end; fields that are empty or None are left out."""
    data = {
        "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
        "level": level,
        "event": event,
        "message": printable_lines(message),
        **{name: value for name, value in fields.items() if value not in ("", None, [], ())},
    }
    return json.dumps(data)  # ASCII alone: nothing in it can disturb whoever shows the line


def error_line(error: BuilderError) -> str:
    """An error as a line: what happened, why, what to do next, and the exit code it ends in."""
    return json_line(
        "error",
        "error",
        error.message,
        details=list(error.details),
        hint=error.hint,
        exit_code=error.exit_code,
    )
