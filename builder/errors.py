"""Errors that a user can cause, and the exit codes they end in.

    BuilderError              1  the build or a check failed
    ├── InputError            2  a profile, a feature or an argument is wrong
    ├── HostError             3  this machine lacks something (tool, space, network, kernel)
    ├── ImageError            4  a file is not an image that can safely be opened, or another one
    ├── CloudError            5  a cloud refused something, lacks it, or could not be reached
    └── InterruptedByUser   130  Ctrl-C or SIGTERM

Exit code 70 (``EX_SOFTWARE``) is left to defects of this program.
"""

from collections.abc import Sequence
from typing import ClassVar


class BuilderError(Exception):
    """What happened, why, and what to do next.

    ``message`` is one sentence that says what happened; ``details`` are further lines (the cause,
    the last lines of a log); ``hint`` says what to do next.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "", details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = tuple(details)

    def __str__(self) -> str:
        lines = [self.message, *(f"  {line}" for line in self.details)]
        if self.hint:
            lines.append(f"  {self.hint}")
        return "\n".join(lines)


class InputError(BuilderError):
    """A profile, a feature or an argument is wrong."""

    exit_code: ClassVar[int] = 2


class HostError(BuilderError):
    """This machine lacks something: a tool, space, network, a readable kernel."""

    exit_code: ClassVar[int] = 3


class ImageError(BuilderError):
    """A file is not an image that can safely be opened, or not the one that was proven."""

    exit_code: ClassVar[int] = 4


class CloudError(BuilderError):
    """A cloud refused something, lacks what was asked for, or could not be reached.

    ``status`` is HTTP's, 0 without one.
    """

    exit_code: ClassVar[int] = 5

    def __init__(
        self, message: str, *, hint: str = "", details: Sequence[str] = (), status: int = 0
    ) -> None:
        super().__init__(message, hint=hint, details=details)
        self.status = status


class InterruptedByUser(BuilderError):
    """The user, or the service manager, asked to stop."""

    exit_code: ClassVar[int] = 130
