"""An OpenStack API server as a child process: gunicorn with one worker, on a loopback port."""

import contextlib
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from builder.errors import BuilderError
from builder.host.process import Running, start

START_LIMIT = 180
"""Seconds within which a server answers; two on an idle machine, many more on a busy one."""
LOOPBACK = "127.0.0.1"
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port() -> int:
    """A loopback port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class Server:
    """One WSGI application behind gunicorn; it keeps its port over every restart.

    It dies with the thread that started it, however that thread ends.
    """

    def __init__(
        self,
        name: str,
        *,
        application: str,
        programs: Path,
        directory: Path,
        environment: Mapping[str, str],
    ) -> None:
        self.name = name
        self.directory = directory
        self.port = free_port()
        self._application = application
        self._gunicorn = programs / "gunicorn"
        self._environment = dict(environment)
        self._exit = contextlib.ExitStack()
        self._program: Running | None = None
        self._starts = 0

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def log(self) -> Path:
        """What it has said since its last start."""
        return self.directory / f"{self.name}-{self._starts}.log"

    @property
    def pid(self) -> int:
        """The process id of gunicorn, which is that of its process group."""
        assert self._program is not None, f"{self.name} does not run"
        return self._program.pid

    @property
    def runs(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._program is not None and self._program.status is None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.launch()
        self.wait_until_it_answers()

    def launch(self) -> None:
        """Start it without waiting."""
        assert not self.runs, f"{self.name} runs already"
        self._starts += 1
        settings = {
            "wsgi_app": self._application,
            "pythonpath": str(Path(__file__).parent),
            "bind": f"{LOOPBACK}:{self.port}",
            "workers": 1,
            "threads": 8,
            "graceful_timeout": 1,
            "keepalive": 60,  # longer than a client waits before it uses a connection again
            "control_socket_disable": True,
            "raw_env": [f"{key}={value}" for key, value in self._environment.items()],
        }
        # In a file, because the applications take the words of the command line for their own.
        (self.directory / "gunicorn.conf.py").write_text(
            "".join(f"{key} = {value!r}\n" for key, value in settings.items()), encoding="utf-8"
        )
        self._program = self._exit.enter_context(
            start(
                [self._gunicorn],
                purpose=f"start {self.name}",
                log=self.log,
                cwd=self.directory,
            )
        )

    def wait_until_it_answers(self) -> None:
        """Wait until it answers over HTTP. Raises ``BuilderError`` with its last words."""
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            self.require_running()
            try:
                with NO_PROXY.open(f"{self.url}/healthcheck", timeout=5):
                    return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.05)
        raise self._failure(f"did not answer within {START_LIMIT} s")

    def require_running(self) -> None:
        """Raise ``BuilderError`` with its last words if it has ended."""
        if not self.runs:
            raise self._failure("has ended unasked")

    def stop(self) -> None:
        """End it in order: requests that are being answered get a second."""
        self._exit.close()
        self._program = None

    def kill(self) -> None:
        """End it as a power failure would: SIGKILL to all its processes."""
        os.killpg(self.pid, signal.SIGKILL)
        self.stop()

    def restart(self) -> None:
        """Stop it and start it on the same port."""
        self.stop()
        self.start()

    def _failure(self, what: str) -> BuilderError:
        tail = self._program.tail() if self._program else ()
        return BuilderError(f"{self.name} {what}.", details=tail, hint=f"Its log: {self.log}")
