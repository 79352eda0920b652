"""Questions to a running Linux guest, each one round trip."""

import shlex
from datetime import UTC, datetime

from builder.feature import CheckFailed, Guest
from builder.linux.console import failures, without_stalls


def output(guest: Guest, script: str, *arguments: str, timeout: float = 60) -> str:
    """What a shell script prints, run as root; ``CheckFailed`` with its error if it fails."""
    done = guest.run(
        "sh", "-c", script, *(("sh", *arguments) if arguments else ()), timeout=timeout
    )
    if done.status != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-5:]
        reason = "; ".join(said) or "it printed nothing"
        raise CheckFailed(f"'{_summary(script)}' ended with exit code {done.status}: {reason}")
    return done.stdout.strip()


def require_no_failure(guest: Guest, log: str) -> str:
    """Say that a console or kernel log shows no failure, or ``CheckFailed`` with each of them."""
    shown = without_stalls(log) if guest.emulated else log
    found = failures(shown, today=datetime.now(UTC).date())
    if found:
        raise CheckFailed(
            "; ".join(dict.fromkeys(f"{failure.kind}: {failure.line}" for failure in found))
        )
    return f"no failure in {len(shown.splitlines())} lines"


def require_active(guest: Guest, unit: str) -> str:
    """Say that a systemd unit is active, or ``CheckFailed`` with its state and last words."""
    quoted = shlex.quote(unit)
    state = guest.run("systemctl", "show", "--property=LoadState,ActiveState,SubState", unit)
    facts = dict(line.split("=", 1) for line in state.stdout.splitlines() if "=" in line)
    if facts.get("LoadState") == "not-found":
        raise CheckFailed(f"the guest has no unit {unit}")
    if facts.get("ActiveState") != "active":
        log = output(guest, f"journalctl --no-pager --output=cat --lines=5 --unit={quoted}")
        raise CheckFailed(
            f"{unit} is {facts.get('ActiveState')} ({facts.get('SubState')}): "
            + ("; ".join(log.splitlines()) or "its journal is empty")
        )
    return f"{unit} is active ({facts.get('SubState')})"


def _summary(script: str) -> str:
    """A command as it is; of a script, what its first comment says it does."""
    first, *more = script.strip().splitlines()
    if first.startswith("#!"):
        return more[0].removeprefix("# ").rstrip(".")
    return f"{first} …" if more else first
