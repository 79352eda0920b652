"""The processes of the OpenStack: they outlive the program that started them, and are found again.

All have the same ``TMPDIR``, which what they start inherits: daemons, privileged helpers, and QEMU
from libvirt. So whoever comes later, even after a SIGKILL, finds every one of them in ``/proc``,
and no other process. A zombie has no environment any more: it counts as gone.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from apiserver import LOOPBACK, answers, gunicorn_settings

from allinone.site import PROGRAMS, Site
from builder.errors import BuilderError, HostError
from builder.host.process import TAIL_LINES, run

START_LIMIT = 180.0
"""Seconds within which a service is ready; a few on an idle machine, many more on a busy one."""
_POLL = 0.1
_NAME = "ALL_IN_ONE_SERVICE"
_outliving: list[subprocess.Popen[bytes]] = []
"""Python warns of processes that it forgets while they run; these are meant to."""


@dataclass(frozen=True)
class Service:
    """A program in the foreground, and how to tell that it is ready."""

    name: str
    argv: tuple[str | Path, ...]
    directory: Path
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    descriptors: tuple[int, ...] = ()


def environment(site: Site) -> dict[str, str]:
    """What every process of the OpenStack has, and nothing of the caller's."""
    return {
        "HOME": str(site.run),
        "LC_ALL": "C.UTF-8",
        # Services that change their titles would write them over what we find them by.
        "SPT_NOENV": "1",
        "PATH": f"{PROGRAMS}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "TMPDIR": str(site.temporary),
    }


def wsgi(site: Site, name: str, application: str, variables: Mapping[str, str]) -> Service:
    """An API server behind gunicorn, which answers at one port inside and outside of the namespace.

    The socket outside is the caller's, the one inside is made there. The service's name is that of
    its port.
    """
    directory = site.configuration(name)
    port = getattr(site.ports, name)
    outside = site.listeners[name].fileno()
    (directory / "gunicorn.conf.py").write_text(
        gunicorn_settings(application, port, variables)
        + "import socket\n"
        + f"inside = socket.create_server(({LOOPBACK!r}, {port})).detach()\n"
        + f"bind = ['fd://{outside}', f'fd://{{inside}}']\n",
        encoding="utf-8",
    )
    return Service(
        name,
        (PROGRAMS / "gunicorn",),
        directory,
        ready=lambda: answers(site.url(name)),
        descriptors=(outside,),
    )


class Started:
    """A service that this program has started."""

    def __init__(self, site: Site, service: Service) -> None:
        self.name = service.name
        self._service = service
        self._log = site.logs / f"{service.name}.log"
        with self._log.open("wb") as output:
            try:
                self._process = subprocess.Popen(
                    (*inside(site), *service.argv),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd=service.directory,
                    env={**environment(site), **service.environment, _NAME: service.name},
                    pass_fds=service.descriptors,
                    start_new_session=True,
                )
            except FileNotFoundError as error:
                raise HostError(
                    f"{service.name}: '{service.argv[0]}' is not installed.",
                    hint="Run: make openstack",
                ) from error
        _outliving.append(self._process)

    def wait(self, others: Iterable["Started"] = ()) -> None:
        """Wait until it is ready. Raises ``BuilderError`` when it, or another one, has ended."""
        deadline = time.monotonic() + START_LIMIT
        while True:
            for service in (self, *others):
                service.require_running()
            if self._service.ready():
                return
            if time.monotonic() > deadline:
                raise self._failure(f"timed out after {START_LIMIT:.0f} s waiting for it to answer")
            time.sleep(_POLL)

    def require_running(self) -> None:
        """Raise ``BuilderError`` with its last lines if it has ended."""
        if (status := self._process.poll()) is not None:
            raise self._failure(f"ended with exit code {status}")

    def _failure(self, what: str) -> BuilderError:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return BuilderError(
            f"{self.name}: {what}.",
            details=lines[-TAIL_LINES:],
            hint=f"Its log: {self._log}",
        )


def namespace_file(site: Site) -> Path:
    """Where the id of a process is, once there is a network namespace and that process in it."""
    return site.run / "namespace.pid"


def inside(site: Site) -> tuple[str, ...]:
    """The words before those of a program that is to run in the network namespace."""
    file = namespace_file(site)
    if not file.exists():
        return ()
    return ("nsenter", f"--net=/proc/{file.read_text(encoding='utf-8').strip()}/ns/net", "--")


def run_step(
    site: Site, purpose: str, *argv: str | Path, stdin: bytes = b"", limit: float = START_LIMIT
) -> str:
    """Run a program of the set-up to its end and return what it has printed.

    Raises ``BuilderError`` with its last lines when it fails or outlives ``limit`` seconds.
    """
    return run(
        argv, timeout=limit, purpose=purpose, env=environment(site), cwd=site.run, stdin=stdin
    )


def running(root: Path) -> dict[int, str]:
    """Every process of the OpenStack below ``root``, by id, with the name of its service.

    QEMU's, whose environment libvirt makes, have an empty name.
    """
    mark = f"TMPDIR={root}/run/tmp".encode()
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            variables = (entry / "environ").read_bytes().split(b"\0")
            if mark in variables:
                names = [v for v in variables if v.startswith(f"{_NAME}=".encode())]
                found[int(entry.name)] = names[0].decode().partition("=")[2] if names else ""
    return found


def end(root: Path, *, patience: float, last: str = "") -> None:
    """End every process: SIGTERM, and SIGKILL after ``patience`` seconds.

    The service ``last`` is asked when the others have gone, and gets as long again. Raises
    ``BuilderError`` when one survives.
    """
    for spared in (last, ""):
        _end_all_but(root, spared, patience)
    _outliving[:] = [process for process in _outliving if process.poll() is None]


def _end_all_but(root: Path, spared: str, patience: float) -> None:
    def left() -> dict[int, str]:
        return {pid: name for pid, name in running(root).items() if not name or name != spared}

    _signal(left(), signal.SIGTERM)
    deadline = time.monotonic() + patience
    while processes := left():
        if time.monotonic() > deadline:
            _signal(processes, signal.SIGKILL)
        if time.monotonic() > deadline + START_LIMIT:
            names = ", ".join(f"{pid} {name}" for pid, name in processes.items())
            raise BuilderError(f"Processes of the OpenStack do not end: {names}.")
        time.sleep(_POLL)


def _signal(processes: Iterable[int], number: int) -> None:
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
