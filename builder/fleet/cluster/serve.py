"""The scheduler and the workers of a fleet, each a process that runs until it is ended."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

from distributed import Client, Scheduler, Worker
from distributed.security import Security

from builder.fleet.capacity import Capacity
from builder.fleet.cluster.abilities import Resources, found
from builder.fleet.cluster.executor import connected
from builder.fleet.cluster.fitness import require_clock
from builder.fleet.cluster.task import Workshop
from builder.fleet.perform import Place
from builder.host.scratch import scratch

CLOUD_THREADS = 4
"""Steps that a worker does beside those in its slots: they wait for clouds."""


def _quiet() -> None:
    """Let Dask say what is amiss only: each connection is a line of its log otherwise."""
    logging.getLogger("distributed").setLevel(logging.WARNING)


def serve_scheduler(host: str, port: int, security: Security, say: Callable[[str], None]) -> None:
    """Run a scheduler until this process is ended; ``say`` is told its address."""
    _quiet()

    async def run() -> None:
        dashboard = find_spec("bokeh") is not None
        async with Scheduler(
            host=host,
            port=port,
            security=security,
            dashboard=dashboard,
            protocol="tls" if security.require_encryption else "tcp",
        ) as scheduler:
            say(scheduler.address)
            await scheduler.finished()

    asyncio.run(run())


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
    announced = dict(resources or found(slots))
    capacity = Capacity(os.sched_getaffinity(0), int(1e18))  # the scheduler counts the memory

    async def run(directory: Path) -> None:
        async with Worker(
            address,
            nthreads=slots + CLOUD_THREADS,
            resources=announced,
            security=security,
            name=f"{socket.gethostname()}-{os.getpid()}",
            local_directory=str(directory),
            memory_limit=0,
            dashboard=False,
            plugins=(Workshop(place, capacity, slots),),
        ) as worker:
            say(", ".join(f"{name} {count:g}" for name, count in sorted(announced.items())))
            await worker.finished()

    with scratch("worker") as directory:
        asyncio.run(run(directory))
