"""The clock of a machine, as all its processes see it: it is set while they run.

The time of day is another one then; stopwatches go on as they did, as the kernel's do.
"""

import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("machine_clock.c")


@dataclass
class Clock:
    """A clock of the processes that are started with its environment."""

    home: Path

    def __post_init__(self) -> None:
        self.home.mkdir()
        self.set(0)
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", self._library, SOURCE], check=True)

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "MACHINE_CLOCK": str(self._ahead)}

    def set(self, ahead: int) -> None:
        """Let it be so many seconds ahead of the real one from now on."""
        with self._ahead.open("r+b" if self._ahead.exists() else "xb") as file:
            file.write(struct.pack("=q", ahead))

    @property
    def _library(self) -> Path:
        return self.home / "clock.so"

    @property
    def _ahead(self) -> Path:
        return self.home / "ahead"
