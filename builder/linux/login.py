"""Logging in on a Linux guest's serial console, as a person does."""

import re

from builder.feature import CheckFailed, Guest

PROMPT_LIMIT = 180.0
"""Seconds for each of getty's and login's prompts, and for the shell, on a busy host."""

ASKED = 60
"""Times that the question is typed before it is given up."""


def log_in(guest: Guest, user: str, password: str) -> None:
    """Log in on the console, look who one is, and log out.

    Raises ``CheckFailed`` with what the console said instead.
    """
    seen = len(guest.console())
    guest.type("\n")
    try:
        seen = guest.wait_for_console(r"login: ", timeout=PROMPT_LIMIT, after=seen)
        guest.type(f"{user}\n")
        seen = guest.wait_for_console(r"[Pp]assword: ", timeout=PROMPT_LIMIT, after=seen)
        guest.type(f"{password}\n")
        _await_shell(guest, user, seen)
    except TimeoutError as error:
        raise CheckFailed(f"'{user}' could not log in on the console: {error}") from error
    guest.type("exit\n")


def _await_shell(guest: Guest, user: str, seen: int) -> None:
    """Ask who one is until a shell answers: login drops what is typed before it is there."""
    for last in (False,) * (ASKED - 1) + (True,):
        # Any end of this line, too, is a whole command: a quote left open would swallow the next.
        guest.type("id\n")
        answer = rf"uid=\d+\({re.escape(user)}\)|Login incorrect"
        try:
            end = guest.wait_for_console(answer, timeout=PROMPT_LIMIT / ASKED, after=seen)
        except TimeoutError:
            if last:
                raise
            continue
        if guest.console()[seen:end].endswith("Login incorrect"):
            raise CheckFailed(f"the console refused '{user}' with the new password")
        return
