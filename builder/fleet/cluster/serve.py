"""The scheduler and the workers of a fleet, each a process that runs until it is ended."""

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from distributed import Client, Scheduler, Worker
from distributed.security import Security

from builder.errors import HostError, InterruptedByUser
from builder.fleet.capacity import Capacity
from builder.fleet.cluster.abilities import Resources, found
from builder.fleet.cluster.dashboard import (
    Address,
    QuietWorker,
    dashboard_of,
    link_to,
)
from builder.fleet.cluster.executor import connected
from builder.fleet.cluster.fitness import require_clock
from builder.fleet.cluster.scheduler import FleetScheduler
from builder.fleet.cluster.secret import bracketed
from builder.fleet.cluster.task import Workshop
from builder.fleet.perform import Place
from builder.host.scratch import scratch


def _quiet() -> None:
    """Let Dask say what is amiss only: each connection is a line of its log otherwise."""
    logging.getLogger("distributed").setLevel(logging.WARNING)


def serve_scheduler(
    host: str,
    port: int,
    security: Security,
    say: Callable[[str], None],
    dashboard: Address | None = None,
) -> None:
    """Run a scheduler until this process is ended.

    ``say`` is told its address, and then where its dashboard is, if it is to have one. Raises
    ``HostError`` where it cannot listen, or has not what a dashboard needs.
    """
    _quiet()
    if dashboard and find_spec("bokeh") is None:
        raise HostError(
            "A dashboard needs more than is installed here.",
            details=["There is no module bokeh."],
            hint="Install it: pip install 'guest-image-builder[dashboard]'.",
        )

    async def run() -> None:
        stopped = _stopping()
        async with FleetScheduler(
            host=host,
            port=port,
            security=security,
            dashboard=dashboard is not None,
            dashboard_address=[dashboard] if dashboard else None,
            protocol="tls" if security.require_encryption else "tcp",
        ) as scheduler:
            say(scheduler.address)
            if served := dashboard_of(scheduler):
                say(f"dashboard: {link_to(served, scheduler.address)}")
            await _finished(scheduler, stopped)

    try:
        asyncio.run(run())
    except (OSError, RuntimeError) as error:  # Dask has a RuntimeError of its own for an OSError
        cause = error if isinstance(error, OSError) else error.__cause__
        if not isinstance(cause, OSError):
            raise
        raise HostError(
            f"The scheduler could not listen at {host}:{port}, or its dashboard not at its own.",
            details=[cause.strerror or str(cause)],
            hint="Name addresses of this machine that are free: --host, --port, --dashboard.",
        ) from error


def clock_ahead(client: Client) -> timedelta:
    """How far this machine's clock is ahead of the scheduler's."""
    before = time.time()
    there = client.run_on_scheduler(_now)
    return timedelta(seconds=(before + time.time()) / 2 - there)


def _now() -> float:
    return time.time()


def serve_worker(
    address: str,
    security: Security,
    place: Place,
    slots: int,
    say: Callable[[str], None],
    resources: Resources | None = None,
) -> None:
    """Work for a scheduler until it ends, or this process does; ``say`` is told what is announced.

    Raises ``HostError`` where no scheduler of the same version answers, and where its clock says
    another time than this machine's.
    """
    _quiet()
    with connected(address, security) as client:
        require_clock(clock_ahead(client))
    announced = dict(resources or found(slots, place.dist))
    capacity = Capacity(os.sched_getaffinity(0), int(1e18))  # the scheduler counts the memory
    # By itself Dask lets a worker take orders at all addresses: without a key, of anybody.
    loopback = bracketed(urlsplit(address).hostname or "")
    host = None if security.require_encryption else loopback

    async def run(directory: Path) -> None:
        stopped = _stopping()
        async with QuietWorker(
            address,
            host=host,
            nthreads=2 * slots,  # each slot, and beside it a step that waits for clouds
            resources=announced,
            security=security,
            name=f"{socket.gethostname()}-{os.getpid()}",
            local_directory=str(directory),
            memory_limit=0,
            plugins=(Workshop(place, capacity, slots),),
        ) as worker:
            say(", ".join(f"{name} {count:g}" for name, count in sorted(announced.items())))
            await _finished(worker, stopped)

    with scratch("worker") as directory:
        asyncio.run(run(directory))


def _stopping() -> "asyncio.Future[None]":
    """What a signal will let raise ``InterruptedByUser``, when it is awaited.

    The exception that it raises anywhere else would come up amid Dask's own work, which logs it as
    its defect.
    """
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[None] = loop.create_future()

    def stop(number: signal.Signals) -> None:
        if not stopped.done():
            stopped.set_exception(InterruptedByUser(f"Stopped by {number.name}."))

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop, number)
    return stopped


async def _finished(server: Scheduler | Worker, stopped: "asyncio.Future[None]") -> None:
    """Wait for the end of a server, or for a signal."""
    finished = asyncio.ensure_future(server.finished())  # type: ignore[no-untyped-call]
    await asyncio.wait([finished, stopped], return_when=asyncio.FIRST_COMPLETED)
    finished.cancel()
    if stopped.done():
        stopped.result()
