"""A scheduler begins to serve, or says why it cannot; and it ends in order."""

import gc
import os
import signal

import pytest
from distributed.security import Security

from builder.errors import HostError, InterruptedByUser
from builder.fleet.cluster import serve
from builder.fleet.cluster.dashboard import Address
from builder.fleet.cluster.serve import serve_scheduler

ELSEWHERE = "192.0.2.1"
"""An address of no machine."""


def begin(
    host: str, dashboard: Address | None = None, *, number: int = signal.SIGTERM
) -> list[str]:
    """What a scheduler says that is ended as soon as it has begun."""
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        os.kill(os.getpid(), number)

    with pytest.raises(InterruptedByUser, match=f"Stopped by {signal.Signals(number).name}"):
        serve_scheduler(host, 0, Security(require_encryption=False), say, dashboard)
    return said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_says_its_address_and_a_signal_ends_it(number: int) -> None:
    (address,) = begin("127.0.0.1", number=number)
    assert address.startswith("tcp://127.0.0.1:")


# Dask leaves open what it could not bind; the program is at its end then.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("host", "dashboard"), [(ELSEWHERE, None), ("127.0.0.1", (ELSEWHERE, 8787))]
)
def test_an_address_that_cannot_be_listened_at_is_told(
    host: str, dashboard: Address | None
) -> None:
    with pytest.raises(HostError, match=f"could not listen at {host}:8786") as caught:
        serve_scheduler(host, 8786, Security(require_encryption=False), print, dashboard)
    assert caught.value.details == ("Cannot assign requested address",)
    del caught  # its traceback holds what was left open
    gc.collect()  # while the warning is expected


def test_a_dashboard_needs_bokeh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "find_spec", lambda _: None)
    with pytest.raises(HostError, match="needs more than is installed") as caught:
        serve_scheduler("127.0.0.1", 0, Security(require_encryption=False), print, ("127.0.0.1", 0))
    assert "[dashboard]" in caught.value.hint
