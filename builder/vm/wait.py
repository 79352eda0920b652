"""A guest that starts is waited for, and watched for signs of trouble."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from builder.errors import BuilderError, InterruptedByUser
from builder.host.accelerator import Accelerator
from builder.host.process import Running
from builder.linux import console
from builder.vm.console_log import ConsoleLog
from builder.vm.guard import Guard
from builder.vm.guest import GuestNotUp

_WHOLE = "The whole console is in the boot's console.log."


@dataclass(frozen=True)
class BootWait:
    """Waits for a booting guest: with a limit, and over at once when it cannot come up."""

    process: Running
    log: ConsoleLog
    guard: Guard
    start: float
    signs: console.BootSigns
    """Looked for from where this start of the guest begins on the console."""
    limit: float
    accelerator: Accelerator
    cancelled: threading.Event

    def until(self, condition: Callable[[], bool], awaited: str) -> None:
        """Poll until the condition holds."""
        while True:
            self.check(awaited)
            if condition():
                return
            time.sleep(0.25)

    def check(self, awaited: str) -> None:
        """Raise if the guest cannot come up any more."""
        seconds = time.monotonic() - self.start
        if self.cancelled.is_set():
            raise InterruptedByUser("The boot was cancelled.")
        if self.guard.excess:
            raise GuestNotUp(
                self.guard.excess,
                details=("the console's last lines:", *console.tail(self.log.text())),
                hint="A sound guest writes much less: look at what this one does.",
            )
        if self.process.status is not None:
            # 0 is a power-off.
            raise (GuestNotUp if self.process.status == 0 else BuilderError)(
                f"QEMU ended with exit code {self.process.status} after {seconds:.0f} s, "
                f"before {awaited} was there.",
                details=self.process.tail(),
                hint="QEMU's own words are in the boot's qemu.log.",
            )
        shown = self.log.text()
        self.signs.read(shown)
        if self.signs.reason is not None:
            raise GuestNotUp(
                f"The guest does not come up: {self.signs.reason}.",
                details=console.tail(shown),
                hint=_WHOLE,
            )
        if seconds > self.limit:
            speed = f"{self.accelerator.name}: {self.accelerator.reason}"
            raise GuestNotUp(
                f"Timed out after {seconds:.0f} s waiting for {awaited} ({speed}).",
                details=("the console's last lines:", *console.tail(shown)),
                hint=_WHOLE,
            )
