"""Every other program is run from here, with a limit on its time and a clear error."""

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess  # noqa: TID251 - all but the sandbox's held-open process is run here
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from builder.errors import BuilderError, HostError

_INSTALL = "Install the package that has it ('make host' installs all)."
USUAL_UMASK = 0o022
TAIL_LINES = 15
TAIL_BYTES = 64 << 10
_TURN = 0.05
"""Seconds that a throttled program runs at a time."""


@dataclass(frozen=True)
class Finished:
    """A program that ran to its end, whatever its exit code."""

    status: int
    stdout: str
    stderr: str


def require_tool(name: str, package: str) -> str:
    """The path of a program, or a ``HostError`` that names the Debian package which has it."""
    path = shutil.which(name)
    if path is None:
        raise HostError(
            f"The program '{name}' is not installed.",
            hint=f"Install it: apt-get install {package} (or run 'make host').",
        )
    return path


def run(
    argv: Sequence[str | Path],
    *,
    timeout: float,
    purpose: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: bytes = b"",
    pass_fds: Sequence[int] = (),
) -> str:
    """Run a program to its end and return its standard output.

    ``purpose`` completes the sentence "could not …". Raises ``HostError`` when the program is
    missing and ``BuilderError`` with its last lines when it fails or outlives ``timeout`` seconds.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(  # noqa: S603 - argv is a list, never a shell line
            words,
            input=stdin,
            capture_output=True,
            timeout=timeout,
            env=env,
            cwd=cwd,
            pass_fds=pass_fds,
            check=False,
        )
    except FileNotFoundError as error:
        raise HostError(
            f"Could not {purpose}: '{words[0]}' is not installed.", hint=_INSTALL
        ) from error
    except subprocess.TimeoutExpired as error:
        raise BuilderError(
            f"Could not {purpose}: '{words[0]}' was still running after {timeout:.0f} s.",
            details=[f"command: {shlex.join(words)}"],
            hint="It hangs, or this machine is too busy for it.",
        ) from error
    if done.returncode != 0:
        output = (done.stderr + done.stdout).decode(errors="replace").splitlines()
        raise BuilderError(
            f"Could not {purpose}: '{words[0]}' ended with exit code {done.returncode}.",
            details=[f"command: {shlex.join(words)}", *output[-TAIL_LINES:]],
        )
    return done.stdout.decode(errors="replace")


def stream(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    timeout: float,
    on_line: Callable[[str], None],
) -> int:
    """Run a program, give each line of its output to ``on_line``, and return its exit code.

    Standard error is merged into the output. Files that it makes have the usual modes, whatever
    this program's umask is: they may be those of an image. The exit code of a program that was
    killed is the signal's negative number. Raises ``TimeoutError`` after ``timeout`` seconds, the
    program killed.
    """
    words = [str(word) for word in argv]
    with subprocess.Popen(  # noqa: S603 - argv is a list, never a shell line
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=env,
        umask=USUAL_UMASK,
        start_new_session=True,
    ) as program:
        late = threading.Event()
        ended = False
        ending = threading.Lock()

        def kill() -> None:
            # The whole group: what the program started may hold the pipe's other end.
            with ending, contextlib.suppress(ProcessLookupError):
                if not ended:  # another process may have its id by then
                    os.killpg(program.pid, signal.SIGKILL)

        def end() -> None:
            late.set()
            kill()

        alarm = threading.Timer(timeout, end)
        alarm.start()
        try:
            assert program.stdout is not None
            for raw in program.stdout:
                on_line(raw.decode(errors="replace").rstrip())
            os.waitid(os.P_PID, program.pid, os.WEXITED | os.WNOWAIT)  # it keeps its id until then
            with ending:
                ended = True
            status = program.wait()
        except BaseException:
            kill()
            raise
        finally:
            alarm.cancel()
    if late.is_set():
        raise TimeoutError(f"'{words[0]}' was still running after {timeout:.0f} s")
    return status


def run_unchecked(
    argv: Sequence[str | Path], *, timeout: float, cwd: Path | None = None, stdin: bytes = b""
) -> Finished:
    """Run a program to its end; its exit code is an answer, not an error.

    Raises ``HostError`` when the program is missing and ``TimeoutError`` after ``timeout`` seconds.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(  # noqa: S603 - argv is a list, never a shell line
            words, input=stdin, capture_output=True, timeout=timeout, cwd=cwd, check=False
        )
    except FileNotFoundError as error:
        raise HostError(f"'{words[0]}' is not installed.", hint=_INSTALL) from error
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"'{words[0]}' was still running after {timeout:.0f} s") from error
    return Finished(
        done.returncode,
        done.stdout.decode(errors="replace"),
        done.stderr.decode(errors="replace"),
    )


class Running:
    """A program that runs beside this one, until ``start`` ends it."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        """The process id, which is its process group's too."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Its exit code, the negative number of the signal that ended it, or None: it runs."""
        return self._process.poll()

    def tail(self) -> tuple[str, ...]:
        """The last lines of its output."""
        with self._log.open("rb") as log:
            log.seek(max(0, self._log.stat().st_size - TAIL_BYTES))
            return tuple(log.read().decode(errors="replace").splitlines()[-TAIL_LINES:])

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended, at most so many seconds; whether it has."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    @contextlib.contextmanager
    def throttled(self) -> Iterator[None]:
        """While the block runs, let it run a tenth of the time, as on a busy host; clocks go on."""
        over = threading.Event()

        def take_turns() -> None:
            while not over.wait(_TURN):
                self._process.send_signal(signal.SIGSTOP)
                over.wait(9 * _TURN)
                self._process.send_signal(signal.SIGCONT)

        turns = threading.Thread(target=take_turns, name="throttle")
        turns.start()
        try:
            yield
        finally:
            over.set()
            turns.join()

    def end(self, patience: float = 5) -> None:
        """Make it end: SIGTERM, and SIGKILL to its process group after ``patience`` seconds."""
        if self.status is None:
            self._process.terminate()
        if not self.wait(patience):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()


@contextlib.contextmanager
def start(
    argv: Sequence[str | Path],
    *,
    purpose: str,
    log: Path,
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
    speaks: socket.socket | None = None,
) -> Iterator[Running]:
    """Run a program beside this one, its output in ``log``, and end it when the block is left.

    Where it ``speaks`` on a socket, that is its standard input and output, and the log has its
    errors only.

    It is in a session of its own, so that Ctrl-C in the terminal reaches only this program, which
    then ends it in order. Should this program be killed, the kernel kills the other one: the
    death signal follows the *thread* that started it, so that thread must outlive the block.
    Raises ``HostError`` when the program is missing.
    """
    words = [str(word) for word in argv]
    if shutil.which(words[0]) is None:
        raise HostError(f"Could not {purpose}: '{words[0]}' is not installed.", hint=_INSTALL)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - argv is a list, never a shell line
            ["setpriv", "--pdeathsig", "KILL", "--", *words],  # noqa: S607 - util-linux, essential
            stdin=subprocess.DEVNULL if speaks is None else speaks.fileno(),
            stdout=output if speaks is None else speaks.fileno(),
            stderr=output,
            cwd=cwd,
            pass_fds=pass_fds,
            start_new_session=True,
        )
    program = Running(process, log)
    try:
        yield program
    finally:
        program.end()
