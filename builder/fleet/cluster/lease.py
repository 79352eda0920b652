"""Only one step of all fleets that share a store works at an image, or in a cloud, at a time.

``.leases/NAME/`` has files with rising numbers, and who made the highest holds the lease: making a
file that is not there succeeds once, in every kind of store. The holder changes its file every few
seconds. Who waits takes the lease over when the file has stayed as it is for long enough by the
waiting machine's own stopwatch, so no two clocks are compared; and a holder that cannot reach the
store gives up before that, by its own. A lease that was given back says so, and its number is
never used again: else one that two want at once could be made twice.

A step takes all its leases or none: one that had one of them while it waits for another would keep
everybody from a cloud that nobody uses, and two could wait for each other.
"""

import contextlib
import functools
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
"""Seconds after the last change that went well, from its beginning, when a holder counts its lease
as lost: whatever its line to the store does meanwhile."""
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

    def holder(self, files: Files) -> str:
        """The host that has it; nothing where it is free.

        Raises what the files of a store raise, as all of these do.
        """
        _, content = self._newest(files)
        return self._holder(content)

    def try_take(self, files: Files) -> str:
        """Take it if it is free; the host that has it, otherwise."""
        number, content = self._newest(files)
        if host := self._holder(content):
            return host
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
        self._number = 0

    def _is_mine(self, files: Files) -> bool:
        if not self._number:
            return False
        number, content = self._newest(files)
        mine = self._claim.owner
        return number == self._number and _record(content).get("owner", mine) == mine

    def _holder(self, content: bytes) -> str:
        record = _record(content)
        if not content or record.get("free") or record.get("owner") == self._claim.owner:
            return ""
        now = time.monotonic()
        if content != self._others:
            self._others, self._since = content, now
        is_dead = now - self._since > DEATH
        return "" if is_dead else str(record.get("host") or "somebody")

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

    def __init__(self, url: str) -> None:
        self._url = url
        self._files: Files | None = None
        self.error: HostError | None = None
        """Why it is cut; None where it is not."""

    def use(self, act: Callable[[Files], T]) -> T | None:
        """What ``act`` returns; None while the line is cut."""
        try:
            self._files = self._files or files_at(self._url)
            with self._files.reached():
                result = act(self._files)
        except HostError as error:
            self._files, self.error = None, error
            return None
        self.error = None
        return result


class Held:
    """The leases of a step."""

    def __init__(self, url: str, leases: Sequence[Lease], lost: Callable[[], None]) -> None:
        self._url = url
        self._leases = leases
        self._lost = lost
        self._ended = threading.Event()
        self._reason = ""
        self._renewed = time.monotonic()
        self._renewing = threading.Lock()
        self._threads = [
            threading.Thread(target=work, name="leases", daemon=True)
            for work in (self._keep, self._watch)
        ]

    def take(self, cancelled: threading.Event, tell: Callable[[str], None]) -> None:
        """Wait until all are held. Raises ``InterruptedByUser``, ``HostError``."""
        line, reached, told = _Line(self._url), time.monotonic(), ""
        while not cancelled.is_set():
            began = time.monotonic()
            waits = line.use(self._try_take)
            if waits == "":
                self._renewed = began
                for thread in self._threads:
                    thread.start()
                return
            if line.error is None:
                reached = time.monotonic()
            elif time.monotonic() - reached > PATIENCE:
                raise line.error
            waits = waits or "waiting for the store"
            if waits != told:
                tell(waits)
                told = waits
            cancelled.wait(POLL)
        raise InterruptedByUser("Interrupted.")

    def confirm(self) -> None:
        """Renew them now, so that others count their holder as alive.

        Raises ``InterruptedByUser`` where others may go on by now, ``HostError``.
        """
        if not self._reason:
            began, files = time.monotonic(), files_at(self._url)
            with files.reached():
                self._renew(files, began)
        if self._reason:
            raise InterruptedByUser(self._reason)

    def give_back(self) -> None:
        """Let others have them; what cannot be given back now is taken over later."""
        self._ended.set()
        for thread in self._threads:
            if thread.ident:
                thread.join(GIVE_UP)
        if any(thread.is_alive() for thread in self._threads):
            return  # it would renew them behind this
        with contextlib.suppress(HostError):
            files = files_at(self._url)
            with files.reached():
                self._give_back(files, self._leases)

    def _try_take(self, files: Files) -> str:
        """Take all, or none; for whom it waits then."""
        for lease in self._leases:
            if host := lease.holder(files):
                return _waits(lease, host)
        for number, lease in enumerate(self._leases):
            if host := lease.try_take(files):
                self._give_back(files, self._leases[:number])
                return _waits(lease, host)
        return ""

    def _give_back(self, files: Files, leases: Sequence[Lease]) -> None:
        for lease in reversed(leases):
            lease.give_back(files)

    def _keep(self) -> None:
        """Change them every few seconds; what is lost is told at once."""
        line = _Line(self._url)
        while not self._ended.wait(BEAT) and not self._reason:
            line.use(functools.partial(self._renew, began=time.monotonic()))

    def _watch(self) -> None:
        """Count them as lost when they could not be changed for too long."""
        while (left := self._renewed + GIVE_UP - time.monotonic()) > 0:
            if self._ended.wait(left):
                return
        self._lose(f"the store was not reached for {GIVE_UP:.0f} s.")

    def _renew(self, files: Files, began: float) -> None:
        with self._renewing:
            for lease in self._leases:
                if not lease.beat(files):
                    return self._lose(f"another fleet works at {lease.name} by now.")
            self._renewed = began
        return None

    def _lose(self, why: str) -> None:
        if not self._ended.is_set():
            self._reason = f"The lease was lost: {why}"
            self._lost()


def _waits(lease: Lease, host: str) -> str:
    return f"waiting for {host}, to work at {lease.name}"


@contextlib.contextmanager
def held(
    url: str,
    names: Sequence[str],
    claim: Claim,
    cancelled: threading.Event,
    tell: Callable[[str], None],
) -> Iterator[Held]:
    """Hold leases of a store, waiting for all of them.

    Should one be lost, ``cancelled`` is set. Raises ``InterruptedByUser`` where that is set while
    it waits, ``HostError`` where the store cannot be used.
    """
    found = Held(url, [Lease(name, claim) for name in names], cancelled.set)
    try:
        found.take(cancelled, tell)
        yield found
    finally:
        found.give_back()
