"""Work that shares pools, as a fluid: what is simulated of a fleet's machines, lines and clouds."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_NEAR = 1e-9
"""What is left of a work that has ended, by rounding."""


@dataclass(eq=False)
class Pool:
    """What several works share evenly: cores, or a line."""

    capacity: float
    """Units a second: cores, or bytes a second."""
    used: float = field(default=0.0, init=False)
    """Units, so far."""


@dataclass(frozen=True)
class Work:
    """An amount that a pool does, at a rate of its own at the most."""

    amount: float
    pool: Pool
    limit: float = math.inf
    """Units a second: one build cannot use many cores."""

    @property
    def alone(self) -> float:
        """Seconds that it takes with its pool to itself."""
        return self.amount / min(self.limit, self.pool.capacity)


@dataclass
class _Active:
    key: str
    work: Work
    left: float
    rate: float = 0.0


class Fluid:
    """Works that go on side by side, and the time."""

    def __init__(self) -> None:
        self.now = 0.0
        self._active: list[_Active] = []

    def start(self, key: str, work: Work) -> None:
        """Let a work go on from now."""
        self._active.append(_Active(key, work, work.amount))

    def next(self) -> str:
        """Let time pass until the next work ends, and return its key.

        Of several that end at once the first started comes first. Raises ``IndexError`` where
        nothing goes on.
        """
        if not self._active:
            raise IndexError("nothing goes on")
        self._share()
        passed = min(each.left / each.rate for each in self._active)
        self.now += passed
        for each in self._active:
            each.left -= each.rate * passed
            each.work.pool.used += each.rate * passed
        ended = min(self._active, key=lambda each: max(each.left / each.work.amount, _NEAR))
        self._active.remove(ended)
        return ended.key

    def _share(self) -> None:
        """Give each work its rate: what one cannot use of its share is the others'."""
        shared: dict[Pool, list[_Active]] = defaultdict(list)
        for each in self._active:
            shared[each.work.pool].append(each)
        for pool, users in shared.items():
            rates = even(pool.capacity, [each.work.limit for each in users])
            for each, rate in zip(users, rates, strict=True):
                each.rate = rate


def even(capacity: float, limits: Sequence[float]) -> list[float]:
    """What each of several users gets of a capacity, none more than its limit."""
    rates = dict(_even(capacity, limits))
    return [rates[at] for at in range(len(limits))]


def _even(capacity: float, limits: Sequence[float]) -> Iterator[tuple[int, float]]:
    left = capacity
    for done, at in enumerate(sorted(range(len(limits)), key=limits.__getitem__)):
        rate = min(limits[at], left / (len(limits) - done))
        left -= rate
        yield at, rate
