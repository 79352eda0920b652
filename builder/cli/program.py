"""The command's beginning and end: signals, errors as text, exit codes."""

import errno
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from builder.cli.verbs import cli
from builder.errors import BuilderError, HostError, InterruptedByUser
from builder.host.process import USUAL_UMASK
from builder.words import printable

ADMINISTRATORS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
INTERNAL_ERROR = 70
"""``EX_SOFTWARE`` of sysexits.h."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a verb and exit. Every error of the program becomes text and an exit code here."""
    signal.signal(signal.SIGTERM, _stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup(1) leaves it
        signal.signal(signal.SIGHUP, _stop)
    _find_administrators_programs()
    os.umask(os.umask(USUAL_UMASK) | USUAL_UMASK)  # nobody else writes into what root has built
    try:
        _require_current_directory()
        status = cli.main(
            None if arguments is None else list(arguments),
            prog_name="guest-image",
            standalone_mode=False,
        )
    except click.UsageError as error:
        if error.ctx is not None:
            click.echo(error.ctx.get_usage(), err=True)
        _tell(f"Error: {error.format_message()}")
        sys.exit(error.exit_code)
    except click.ClickException as error:
        _tell(f"Error: {error.format_message()}")
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("Interrupted.", err=True)
        sys.exit(InterruptedByUser.exit_code)
    except BuilderError as error:
        _tell(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            _report_internal_error(error)
            sys.exit(INTERNAL_ERROR)
        _tell(str(_no_room(error)))
        sys.exit(HostError.exit_code)
    except Exception as error:  # noqa: BLE001 - the last resort that keeps tracebacks from users
        _report_internal_error(error)
        sys.exit(INTERNAL_ERROR)
    sys.exit(status if isinstance(status, int) else 0)


def _no_room(error: OSError) -> HostError:
    """What no part of the program has seen coming."""
    return HostError(
        "The disk is full.",
        details=[str(error)],
        hint="Make room, or choose other directories with --output, GUEST_IMAGE_CACHE and TMPDIR.",
    )


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
        _tell(trace)
        return
    try:
        handle, log = tempfile.mkstemp(prefix="guest-image-error-", suffix=".log")
        os.close(handle)
        Path(log).write_text(f"{sys.argv}\n{trace}", encoding="utf-8", errors="replace")
    except OSError as full:
        _tell(f"{trace}\nThis is an internal error of guest-image; its log is above: {full}")
        return
    _tell(
        f"This is an internal error of guest-image: {type(error).__name__}: {error}\n"
        f"  The details are in {log}; please attach it to your report.\n"
        "  With GUEST_IMAGE_DEBUG=1 they are shown here."
    )


def _tell(text: str) -> None:
    """The one place where errors are printed: what a disk, a guest or a cloud says stays text."""
    click.echo("\n".join(map(printable, text.split("\n"))), err=True)
