"""Logging in on a Linux guest's serial console, as a person does."""

import re

from builder.feature import CONSOLE, CheckFailed, Guest

PROMPT_LIMIT = 180.0
"""Seconds for each of getty's and login's prompts, and for the shell, on a busy host."""

ASKED = 60
"""Times that the question is typed before it is given up."""


def log_in(
    guest: Guest,
    user: str,
    password: str,
    terminal: str = CONSOLE,
    prompt_limit: float = PROMPT_LIMIT,
) -> None:
    """Log in on the console or another terminal, look who one is, and log out.

    Raises ``CheckFailed`` with what it said instead.
    """
    seen = len(guest.console(terminal))
    guest.type("\n", terminal)

    def await_prompt(pattern: str, limit: float = PROMPT_LIMIT) -> int:
        return guest.wait_for_console(pattern, timeout=limit, after=seen, terminal=terminal)

    try:
        seen = await_prompt(r"login: ", prompt_limit)
        guest.type(f"{user}\n", terminal)
        seen = await_prompt(r"[Pp]assword: ")
        guest.type(f"{password}\n", terminal)
        _await_shell(guest, user, seen, terminal)
    except TimeoutError as error:
        raise CheckFailed(f"'{user}' could not log in on the {terminal}: {error}") from error
    guest.type("exit\n", terminal)


def _await_shell(guest: Guest, user: str, seen: int, terminal: str) -> None:
    """Ask who one is until a shell answers: login drops what is typed before it is there."""
    for last in (False,) * (ASKED - 1) + (True,):
        # Any end of this line, too, is a whole command: a quote left open would swallow the next.
        guest.type("id\n", terminal)
        answer = rf"uid=\d+\({re.escape(user)}\)|Login incorrect"
        try:
            end = guest.wait_for_console(
                answer, timeout=PROMPT_LIMIT / ASKED, after=seen, terminal=terminal
            )
        except TimeoutError:
            if last:
                raise
            continue
        if guest.console(terminal)[seen:end].endswith("Login incorrect"):
            raise CheckFailed(f"the {terminal} refused '{user}' with the new password")
        return
