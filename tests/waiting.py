"""Wait for what another process or thread brings about."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
    """Ask again and again; raises ``TimeoutError``, which says what has not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} has not come true within {seconds:g} s")
        time.sleep(0.05)
