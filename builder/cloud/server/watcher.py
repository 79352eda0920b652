"""What a server's guest shows on its console, and what Nova says of it, waited for with limits."""

import secrets
import time
from collections.abc import Callable, Collection
from typing import TypeVar

from builder.cloud.api.model import Server
from builder.cloud.observation.guest_report import BootReport, GuestReport, Message
from builder.cloud.observation.sight import Stage
from builder.cloud.server.console_text import joined
from builder.cloud.server.servers import Servers
from builder.errors import CloudError
from builder.feature import CheckFailed, CheckSkipped
from builder.linux import console
from builder.terminal.progress import Progress

T = TypeVar("T")
M = TypeVar("M", bound=Message)

POLL = 3.0
_SILENCE = 5
"""Failures in a row after which an API that is away for a moment is taken for dead."""
_TAIL = 5


class Watcher:
    """Watches one server, whose id is to be set in ``server`` when it is known."""

    def __init__(self, servers: Servers, progress: Progress) -> None:
        self.server = ""
        self.console = ""
        """Everything that it has shown so far."""
        self.boots: dict[Stage, BootReport] = {}
        """What its guest has told in the boots that were waited for."""
        self._servers = servers
        self._progress = progress
        self._report = GuestReport("")

    def renew(self) -> str:
        """From now on know the guest by another token, which is returned."""
        self._report = GuestReport(secrets.token_hex(8))
        return self._report.token

    @property
    def known(self) -> Collection[str]:
        """The ids of the boots that the guest has told of."""
        return tuple(self._report.boots)

    def require(self, stage: Stage) -> BootReport:
        """What the guest has told in a boot. Raises ``CheckSkipped`` where it has not."""
        boot = self.boots.get(stage)
        if boot is None:
            raise CheckSkipped(f"the guest has not told what it sees in its {stage} boot")
        return boot

    def told(self, boot: BootReport, kind: type[M]) -> M | None:
        """What the guest has told last of a kind, in a boot."""
        return self._report.boots.get(boot.id, boot).last(kind)

    def await_boot(
        self, stage: Stage, earlier: Collection[str], limit: float
    ) -> tuple[BootReport, float]:
        """Wait until a boot that is not known has told all of its facts, and say how long."""
        start = time.monotonic()

        def told() -> BootReport | None:
            boot = self._report.after(earlier)
            return boot if boot is not None and boot.complete else None

        what = f"the {stage} boot's report on the serial console (user-data of cloud-init)"
        boot = self.boots[stage] = self.wait_told(what, told, limit)
        return boot, time.monotonic() - start

    def wait_told(self, what: str, found: Callable[[], T | None], limit: float) -> T:
        """Read the console until something is there, or until nothing will come.

        Raises ``TimeoutError``, and ``CheckFailed`` with the sign of a boot that is stuck.
        """
        signs = console.BootSigns(len(self.console))

        def look() -> T | None:
            self._read_console()
            signs.read(self.console)
            result = found()
            if result is None and signs.reason:
                raise CheckFailed("\n".join([signs.reason, *console.tail(self.console, _TAIL)]))
            return result

        return self.wait(what, look, limit)

    def _read_console(self) -> None:
        shown = self._servers.console(self.server) or ""
        self.console = joined(self.console, shown)
        self._report.read(shown)
        for stage, boot in self.boots.items():
            self.boots[stage] = self._report.boots.get(boot.id, boot)
        self._progress.line("".join(console.tail(shown, 1)))

    def await_status(self, status: str, limit: float) -> None:
        """Wait until Nova says so. Raises ``CheckFailed`` with the fault of a server in ERROR."""
        self._await_server(status, lambda server: server.status == status, limit)

    def await_pause(self, limit: float) -> None:
        """Wait until its guest stands still, as ``await_status`` does."""
        self._await_server("paused", lambda server: server.is_paused, limit)

    def _await_server(self, state: str, is_so: Callable[[Server], bool], limit: float) -> None:
        def reached() -> Server | None:
            server = self._servers.require(self.server)
            self._progress.line(f"server {server.id}: {server.status}")
            if server.status == "ERROR":
                raise CheckFailed(
                    f"the server is in ERROR: {server.reason or 'Nova does not say why'}"
                )
            return server if is_so(server) else None

        self.wait(f"server {self.server} to be {state}", reached, limit)

    def wait(self, what: str, found: Callable[[], T | None], limit: float) -> T:
        """Ask until there is an answer; an API that is away for a moment is asked again.

        Raises ``TimeoutError`` after ``limit`` seconds, and ``CloudError``.
        """
        deadline, failures = time.monotonic() + limit, 0
        while True:
            try:
                result = found()
            except CloudError as error:
                failures += 1
                if error.status or failures == _SILENCE:  # an answer is none that goes away
                    raise
                result = None
            else:
                failures = 0
            if result is not None:
                return result
            if time.monotonic() > deadline:
                raise TimeoutError(f"timed out after {limit:.0f} s waiting for {what}")
            time.sleep(POLL)
