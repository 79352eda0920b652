"""The command's beginning and end: signals, errors as text or JSON, exit codes."""

import errno
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from builder.cli.verbs import cli
from builder.errors import BuilderError, HostError, InterruptedByUser
from builder.host.process import USUAL_UMASK
from builder.terminal import log
from builder.words import printable

ADMINISTRATORS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
INTERNAL_ERROR = 70
"""``EX_SOFTWARE`` of sysexits.h."""
END = "The command has ended."
"""The last line of every run that speaks JSON."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a verb and exit. Every error becomes text, or a line of JSON, and an exit code here."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    log.choose(log.named_format(words, os.environ.get(log.VARIABLE, "")))
    start = time.monotonic()
    status = _run(words)
    if log.speaks_json():
        level: log.Level = "info" if status == 0 else "warning"
        seconds = round(time.monotonic() - start, 1)
        _echo(log.json_line(level, "end", END, exit_code=status, seconds=seconds))
    sys.exit(status)


def _run(words: list[str]) -> int:
    signal.signal(signal.SIGTERM, _stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup(1) leaves it
        signal.signal(signal.SIGHUP, _stop)
    _find_administrators_programs()
    os.umask(os.umask(USUAL_UMASK) | USUAL_UMASK)  # nobody else writes into what root has built
    try:
        _require_current_directory()
        status = cli.main(
            words,
            prog_name="guest-image",
            standalone_mode=False,
        )
    except click.ClickException as error:
        return _tell_wrong_usage(error)
    except click.Abort:
        return _tell(InterruptedByUser("Interrupted."))
    except BuilderError as error:
        return _tell(error)
    except Exception as error:  # noqa: BLE001 - the last resort that keeps tracebacks from users
        return _tell_unforeseen(error)
    return status if isinstance(status, int) else 0


def _tell_unforeseen(error: Exception) -> int:
    """Tell what no part of the program has seen coming: a full disk, or a defect."""
    if not isinstance(error, OSError) or error.errno not in _NO_ROOM:
        _report_internal_error(error)
        return INTERNAL_ERROR
    full = HostError(
        "The disk is full.",
        details=[str(error)],
        hint="Make room, or choose other directories with --output, GUEST_IMAGE_CACHE and TMPDIR.",
    )
    return _tell(full)


def _stop(number: int, _frame: object) -> None:
    """End as Ctrl-C does, by an exception that every ``with`` block cleans up after.

    A second signal must not break off the cleaning up.
    """
    for stop in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, signal.SIG_IGN)
    raise InterruptedByUser(f"Stopped by {signal.Signals(number).name}.")


def _find_administrators_programs() -> None:
    """Look for programs where root's are, too: a shell of ``su`` or of a user does not."""
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    missing = [directory for directory in ADMINISTRATORS if directory not in path]
    os.environ["PATH"] = os.pathsep.join([*path, *missing])


def _require_current_directory() -> None:
    """Paths are relative to it, and so are those of programs that are started."""
    try:
        Path.cwd()
    except OSError as error:
        raise HostError(
            "The current directory cannot be entered any more.",
            details=[error.strerror or str(error)],
            hint="Change to one that exists: cd.",
        ) from error


def _report_internal_error(error: Exception) -> None:
    trace = "".join(traceback.format_exception(error))
    if os.environ.get("GUEST_IMAGE_DEBUG") == "1":
        _tell_defect(trace)
        return
    try:
        handle, path = tempfile.mkstemp(prefix="guest-image-error-", suffix=".log")
        os.close(handle)
        Path(path).write_text(f"{sys.argv}\n{trace}", encoding="utf-8", errors="replace")
    except OSError as full:
        _tell_defect(f"{trace}\nThis is an internal error of guest-image; its log is above: {full}")
        return
    _tell_defect(
        f"This is an internal error of guest-image: {type(error).__name__}: {error}\n"
        f"  The details are in {path}; please attach it to your report.\n"
        "  With GUEST_IMAGE_DEBUG=1 they are shown here."
    )


def _tell_wrong_usage(error: click.ClickException) -> int:
    context = error.ctx if isinstance(error, click.UsageError) else None
    usage = context.get_usage() if context else ""
    message = error.format_message().replace("\t", "  ")  # click indents choices with tabs
    if log.speaks_json():
        _echo(log.json_line("error", "error", message, hint=usage, exit_code=error.exit_code))
    else:
        _echo(f"{usage}\nError: {message}" if usage else f"Error: {message}")
    return error.exit_code


def _tell(error: BuilderError) -> int:
    _echo(log.error_line(error) if log.speaks_json() else str(error))
    return error.exit_code


def _tell_defect(text: str) -> None:
    if log.speaks_json():
        text = log.json_line("error", "internal-error", text, exit_code=INTERNAL_ERROR)
    _echo(text)


def _echo(text: str) -> None:
    """The one place where errors are printed: what a disk, a guest or a cloud says stays text."""
    click.echo("\n".join(map(printable, text.split("\n"))), err=True)
