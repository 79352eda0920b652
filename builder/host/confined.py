"""A child process in which what strangers have written is parsed.

Whatever it is led to do, it takes a limited share of memory and time, and ends with its parent. It
is a fork, so that it has what its parent has loaded; it speaks to its parent through a pipe only,
in lines that the parent must check.
"""

import contextlib
import ctypes
import json
import os
import resource
import selectors
import signal
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from builder.errors import BuilderError, HostError, ImageError, InputError, InterruptedByUser

MESSAGE_LIMIT = 8 << 20
"""Bytes of one message."""
POLL = 0.25
PATIENCE = 10.0
"""Seconds that a child has to end in order, when it is asked to."""

STOPPED = (InterruptedByUser, KeyboardInterrupt)
"""After these the child may tidy up; after its own faults it may not."""

_ERRORS = {
    error.__name__: error for error in (HostError, ImageError, InputError, InterruptedByUser)
}
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux' include/uapi/linux/prctl.h
_PAGE = os.sysconf("SC_PAGE_SIZE")

Send = Callable[[str], None]
"""Gives the parent one message: a line."""


class ChildEnded(BuilderError):
    """The child was ended, by a limit or by what it parsed, and not by its work."""


def limit_memory(more: int) -> None:
    """Let this process have so many bytes more than it has now, but no more."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * _PAGE + more, resource.RLIM_INFINITY))


def limit_time(seconds: int) -> None:
    """End this process when it has computed for so many seconds more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    end = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (end, resource.RLIM_INFINITY))


def run_confined(
    work: Callable[[Send, threading.Event], None],
    receive: Callable[[str], None],
    *,
    limit: float,
    cancelled: threading.Event,
) -> None:
    """Do the work in a child, and give each of its messages to ``receive``.

    The work is given the means to send, and an event that tells it to end. Raises the
    ``BuilderError`` that the work raised; ``ChildEnded`` where the child did not end by itself, or
    after ``limit`` seconds; ``InterruptedByUser`` when cancelled.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _be_child(work, writing)
    os.close(writing)
    try:
        _listen(reading, receive, time.monotonic() + limit, cancelled)
    except BaseException as error:
        _kill(child, PATIENCE if isinstance(error, STOPPED) else 0)
        raise
    else:
        status = _wait(child, PATIENCE)
    finally:
        os.close(reading)
    if status != 0:
        raise ChildEnded(_cause(status))


def _be_child(work: Callable[[Send, threading.Event], None], pipe: int) -> None:
    """Never returns: what the parent's callers would clean up is theirs."""
    status = 1
    try:
        ended = threading.Event()
        _detach(pipe, ended)
        with os.fdopen(pipe, "w", encoding="utf-8", errors="replace") as messages:

            def say(message: object) -> None:
                messages.write(f"{json.dumps(message)}\n")
                messages.flush()

            try:
                work(lambda text: say({"said": text}), ended)
            except BuilderError as error:
                told = {"message": error.message, "hint": error.hint, "details": error.details}
                say({"raised": type(error).__name__, **told})
            except Exception as error:  # noqa: BLE001 - it is raised again in the parent
                say({"defect": "".join(traceback.format_exception(error))})
        status = 0
    finally:
        os._exit(status)


def _detach(pipe: int, ended: threading.Event) -> None:
    """Leave to the parent its terminal, its signals and its files."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    for descriptor in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        if descriptor not in {0, 1, 2, pipe}:
            with contextlib.suppress(OSError):  # the listing's own
                os.close(descriptor)


def _listen(
    pipe: int,
    receive: Callable[[str], None],
    deadline: float,
    cancelled: threading.Event,
) -> None:
    """Until the child closes the pipe."""
    pending = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            if time.monotonic() > deadline:
                raise ChildEnded("it took too long")
            if not selector.select(POLL):  # what it has said counts, whatever came meanwhile
                if cancelled.is_set():
                    raise InterruptedByUser("The inspection was cancelled.")
                continue
            received = os.read(pipe, 1 << 16)
            if not received:
                return
            pending += received
            if len(pending) > MESSAGE_LIMIT:
                raise ChildEnded("it said too much")
            if b"\n" in received:
                *lines, rest = pending.split(b"\n")
                pending = bytearray(rest)
                for line in lines:
                    _take(json.loads(line), receive)


def _take(message: dict[str, object], receive: Callable[[str], None]) -> None:
    if "said" in message:
        receive(str(message["said"]))
    elif "raised" in message:
        details = message["details"]
        assert isinstance(details, list)
        raise _ERRORS.get(str(message["raised"]), BuilderError)(
            str(message["message"]), hint=str(message["hint"]), details=[*map(str, details)]
        )
    else:
        raise RuntimeError(f"in the child that parses:\n{message['defect']}")


def _kill(child: int, patience: float = 0) -> None:
    os.kill(child, signal.SIGTERM)
    _wait(child, patience)


def _wait(child: int, patience: float) -> int:
    """The child's status when it has ended; it is killed when the patience is over.

    What it has started is in its session, and is killed in any case.
    """
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            break
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError, PermissionError):  # before it has a session
        os.killpg(child, signal.SIGKILL)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _cause(status: int) -> str:
    if status == -signal.SIGXCPU:
        return "it computed for too long"
    if status < 0:
        return f"it was ended by {signal.Signals(-status).name}"
    return f"it ended with exit code {status}"
