"""diskimage-builder's output: which hook runs, how long each took, and what it said last."""

import re
from collections import deque
from dataclasses import dataclass, field

from builder.build.failure_hints import tells_why

TAIL_LINES = 12

PHASES = {
    "root.d": "bootstrap",
    "extra-data.d": "prepare",
    "pre-install.d": "prepare",
    "install.d": "install packages",
    "post-install.d": "configure",
    "post-root.d": "configure",
    "block-device.d": "configure",
    "pre-finalise.d": "configure",
    "finalise.d": "initrd and boot loader",
    "cleanup.d": "clean up",
}
"""diskimage-builder's hook directories, in its order, as a reader of the progress calls them."""

_RUNNING = re.compile(r"^dib-run-parts Running \S*/(?P<directory>[a-z-]+\.d)/(?P<hook>\S+)$")

_COMPLETED = re.compile(r"dib-run-parts (?P<hook>\S+) completed$")
"""Not always a line of its own: a hook's last line may have no end."""

_CHATTER = re.compile(r"^(Unmount /|INFO diskimage_builder\.|dib-run-parts( |$))")
"""What diskimage-builder says between hooks, and when it cleans up after one that failed."""

_TIMING = re.compile(r"^dib-run-parts (?P<hook>\d\d-\S+)\s+(?P<seconds>\d+\.\d+)$")


@dataclass
class HookTrace:
    """Reads diskimage-builder's output for the hook that runs, and for how long each one took."""

    directory: str = ""
    hook: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL_LINES))
    why: str = ""
    """The line that says why a package manager fails, which many of its last words may follow."""

    def read(self, line: str) -> None:
        """Take one line of output."""
        if running := _RUNNING.match(line):
            self.directory, self.hook = running["directory"], running["hook"]
            self._forget()
        elif completed := _COMPLETED.search(line):
            if completed["hook"] == self.hook:
                self.hook = ""
                self._forget()
        elif timing := _TIMING.match(line):
            self.seconds[f"{self.directory}/{timing['hook']}"] = float(timing["seconds"])
        elif line.strip() and not _CHATTER.match(line):
            self.tail.append(line)
            self.why = line if tells_why(line) else self.why

    def _forget(self) -> None:
        self.tail.clear()
        self.why = ""

    @property
    def last_words(self) -> tuple[str, ...]:
        """What was said last, and before it why, where that was said."""
        why = (self.why,) if self.why and self.why not in self.tail else ()
        return (*why, *self.tail)

    @property
    def phase(self) -> str:
        """What a reader of the progress calls the present hook's directory."""
        return PHASES.get(self.directory, "start")
