"""Dask's pages on HTTP: they know no key and no encryption, so nothing serves them unasked.

By itself Dask serves them at the address of each scheduler and each worker, and has no option that
would keep it from that.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from distributed import Scheduler, Worker

from builder.errors import InputError
from builder.fleet.cluster.secret import bracketed, is_loopback

Address = tuple[str, int]
"""Host and port; of port 0 the system chooses one."""

LOOPBACK = "127.0.0.1"
EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - it is recognised, not listened at

_ADDRESS = re.compile(r"(?:(?P<host>[\w.-]+|\[[\da-f:.]+\]):)?(?P<port>\d{1,5})", re.ASCII)
_HIGHEST = 65535


def address_of(text: str) -> Address:
    """Where a dashboard is to be served: ``PORT`` on loopback, or ``HOST:PORT``.

    Raises ``InputError``.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > _HIGHEST:
        raise InputError(
            f"'{text}' is not an address for a dashboard.",
            hint="Write PORT, to serve it on loopback alone, or HOST:PORT.",
        )
    return (match["host"] or LOOPBACK).strip("[]"), int(match["port"])


class QuietScheduler(Scheduler):
    """A scheduler that serves its pages only where it was given an address for them."""

    def start_http_server(
        self, routes: Any, dashboard_address: Any, default_port: Any = 0, ssl_options: Any = None
    ) -> None:
        """Serve the pages, or not. Any: Dask's."""
        if dashboard_address is not None:
            start = super().start_http_server
            start(routes, dashboard_address, default_port, ssl_options)  # type: ignore[no-untyped-call]


class QuietWorker(Worker):
    """A worker that serves no pages."""

    def start_http_server(
        self, routes: Any, dashboard_address: Any, default_port: Any = 0, ssl_options: Any = None
    ) -> None:
        """Serve nothing. Any: Dask's."""


def dashboard_of(dask_scheduler: Scheduler) -> Address | None:
    """Where a scheduler serves its dashboard, if it does. Dask calls it there, by that name."""
    server = dask_scheduler.services.get("dashboard")
    return (server.address, server.port) if server else None


def link_to(served: Address, scheduler: str) -> str:
    """A dashboard as it is found from another machine; ``scheduler`` is its scheduler's address.

    One on the loopback of a scheduler elsewhere is found there alone, and is told with that.
    """
    host, port = served
    at = urlsplit(scheduler).hostname or host
    if host in EVERYWHERE:
        host = at
    there = " on the scheduler's machine" if is_loopback(host) and not is_loopback(at) else ""
    return f"http://{bracketed(host)}:{port}/status{there}"
