"""Only one step of all fleets that share a store works at an image, or in a cloud, at a time.

``.leases/NAME/`` has files with rising numbers, and who made the highest holds the lease: making a
file that is not there succeeds once, in every kind of store. The holder changes its file every few
seconds. Who waits takes the lease over when the file has stayed as it is for long enough by the
waiting machine's own stopwatch, so no two clocks are compared; and a holder that cannot reach the
store gives up before that, by its own. A lease that was given back says so, and its number is
never used again: else one that two want at once could be made twice.
"""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from builder.errors import HostError, InterruptedByUser
from builder.fleet.cluster.files import Files, files_at

T = TypeVar("T")

HOME = ".leases"

BEAT = 15.0
"""Seconds between two changes of a held lease."""
GIVE_UP = 150.0
"""Seconds without the store after which a holder counts its lease as lost."""
DEATH = 180.0
"""Seconds without a change after which a holder counts as dead."""
PATIENCE = 60.0
"""Seconds without the store after which a step that waits for a lease fails."""
POLL = 2.0
"""Seconds between two looks at a lease that somebody else holds."""

_DIGITS = 10


@dataclass(frozen=True)
class Claim:
    """Who wants a lease."""

    owner: str
    """The step, unlike any other of any fleet. What one worker left another one takes over at once
    for the same step: the scheduler has seen the first one die."""
    host: str
    """The worker, for those who wait."""


class Lease:
    """One lease of one claim, and the number by which it is held; 0 where it is not."""

    def __init__(self, name: str, claim: Claim) -> None:
        self.name = name
        self._home = f"{HOME}/{quote(name, safe='')}"
        self._claim = claim
        self._number = 0
        self._beats = 0
        self._others = b""
        self._since = 0.0

    def try_take(self, files: Files) -> str:
        """Take it if it is free; the host that has it, otherwise.

        Raises what the files of a store raise.
        """
        number, content = self._newest(files)
        if not self._is_free(content):
            return str(_record(content).get("host") or "somebody")
        mine = self._next_content()
        if not files.create(self._path(number + 1), mine):
            return "somebody"
        numbers = self._numbers(files)
        if numbers[-1] != number + 1:  # others came by since the first look
            files.remove(self._path(number + 1))
            return "somebody"
        self._number = number + 1
        for older in numbers[:-1]:
            files.remove(self._path(older))
        return ""

    def beat(self, files: Files) -> bool:
        """Show that its holder lives, and tell whether it still is the holder."""
        if not self._is_mine(files):
            return False
        files.write(self._path(self._number), self._next_content())
        return True

    def give_back(self, files: Files) -> None:
        """Let others have it at once, if it is still held."""
        if self._is_mine(files):
            files.write(self._path(self._number), json.dumps({"free": True}).encode())

    def _is_mine(self, files: Files) -> bool:
        number, content = self._newest(files)
        mine = self._claim.owner
        return number == self._number and _record(content).get("owner", mine) == mine

    def _is_free(self, content: bytes) -> bool:
        record = _record(content)
        if not content or record.get("free") or record.get("owner") == self._claim.owner:
            return True
        now = time.monotonic()
        if content != self._others:
            self._others, self._since = content, now
        return now - self._since > DEATH

    def _next_content(self) -> bytes:
        self._beats += 1
        record = {"owner": self._claim.owner, "host": self._claim.host, "beat": self._beats}
        return json.dumps(record).encode()

    def _newest(self, files: Files) -> tuple[int, bytes]:
        numbers = self._numbers(files)
        if not numbers:
            return 0, b""
        # One that is gone meanwhile has a successor: it is not free by that.
        return numbers[-1], files.read(self._path(numbers[-1])) or b"{}"

    def _numbers(self, files: Files) -> list[int]:
        return sorted(int(name) for name in files.sizes(self._home) if name.isdecimal())

    def _path(self, number: int) -> str:
        return f"{self._home}/{number:0{_DIGITS}}"


def _record(content: bytes) -> dict[str, object]:
    """What a lease says; nothing where its writer was stopped halfway."""
    try:
        record = json.loads(content)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


class _Line:
    """The way to a store, made anew after a cut."""

    def __init__(self, url: str, limit: float) -> None:
        """``limit``: seconds for which a cut is borne."""
        self._url = url
        self._limit = limit
        self._reached = time.monotonic()
        self._files: Files | None = None

    def use(self, act: Callable[[Files], T]) -> T | None:
        """What ``act`` returns; None while the line is cut. Raises ``HostError`` in the end."""
        try:
            self._files = self._files or files_at(self._url)
            with self._files.reached():
                result = act(self._files)
        except HostError:
            self._files = None
            if time.monotonic() - self._reached > self._limit:
                raise
            return None
        self._reached = time.monotonic()
        return result


class Held:
    """The leases of a step."""

    def __init__(self, url: str, lost: Callable[[], None]) -> None:
        self._url = url
        self._lost = lost
        self._ended = threading.Event()
        self._reason = ""
        self._leases: list[Lease] = []
        self._thread = threading.Thread(target=self._keep, name="leases", daemon=True)

    def require(self) -> None:
        """Raise ``InterruptedByUser`` where they are not held any more: others may go on."""
        if self._reason:
            raise InterruptedByUser(self._reason)

    def take(self, lease: Lease, cancelled: threading.Event, tell: Callable[[str], None]) -> None:
        """Wait until a lease is held. Raises ``InterruptedByUser``, ``HostError``."""
        line, told = _Line(self._url, PATIENCE), ""
        while not cancelled.is_set():
            host = line.use(lease.try_take)
            if host == "":
                self._leases.append(lease)
                if not self._thread.ident:
                    self._thread.start()
                return
            waits = f"waiting for {host or 'the store'}, to work at {lease.name}"
            if waits != told:
                tell(waits)
                told = waits
            cancelled.wait(POLL)
        self.require()
        raise InterruptedByUser("Interrupted.")

    def give_back(self) -> None:
        """Let others have them; what cannot be given back now is taken over later."""
        self._ended.set()
        if self._thread.ident:
            self._thread.join()
        with contextlib.suppress(HostError):
            files = files_at(self._url)
            with files.reached():
                for lease in reversed(self._leases):
                    lease.give_back(files)

    def _keep(self) -> None:
        """Change them every few seconds; what is lost is told at once."""
        line = _Line(self._url, GIVE_UP)
        while not self._ended.wait(BEAT):
            try:
                gone = line.use(self._gone)
            except HostError as error:
                gone = [error.message]
            if gone:
                self._reason = f"The lease was lost: {gone[0]}"
                return self._lost()
        return None

    def _gone(self, files: Files) -> list[str]:
        return [
            f"another fleet works at {lease.name} by now."
            for lease in tuple(self._leases)
            if not lease.beat(files)
        ]


@contextlib.contextmanager
def held(
    url: str,
    names: Sequence[str],
    claim: Claim,
    cancelled: threading.Event,
    tell: Callable[[str], None],
) -> Iterator[Held]:
    """Hold leases of a store, waiting for each; all steps must name them in the same order.

    Should one be lost, ``cancelled`` is set. Raises ``InterruptedByUser`` where that is set while
    it waits, ``HostError`` where the store cannot be used.
    """
    found = Held(url, cancelled.set)
    try:
        for name in names:
            found.take(Lease(name, claim), cancelled, tell)
        yield found
    finally:
        found.give_back()
