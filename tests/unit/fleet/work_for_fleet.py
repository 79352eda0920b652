"""A worker whose verbs are fakes, in a process that a test can kill: scheduler, builds, key.

``WORKER_CLOCK`` is how many seconds its clock is ahead from the beginning, ``WORKER_CLOCK_SET`` as
soon as it works.
"""

import os
import sys
import time
from pathlib import Path

from distributed import worker
from fake_fleet import VERBS

from builder.fleet.cluster.abilities import BUILDS, CLOUDS, MEMORY, PROVES, SLOTS
from builder.fleet.cluster.secret import security_for, spoken
from builder.fleet.cluster.serve import serve_worker
from builder.fleet.perform import Place

address, dist, *rest = sys.argv[1:]
key = Path(rest[0]) if rest else None
security = security_for(address, key)
ABILITIES = {SLOTS: 1.0, MEMORY: 64.0, BUILDS: 9.0, PROVES: 9.0, CLOUDS: 9.0, "x86_64": 9.0}
REAL = time.time


def set_clock(variable: str) -> None:
    ahead = float(os.environ.get(variable, "0"))
    time.time = worker.time = lambda: REAL() + ahead


def ready(announced: str) -> None:
    set_clock("WORKER_CLOCK_SET")
    print(announced, flush=True)


set_clock("WORKER_CLOCK")
serve_worker(
    spoken(address, security), security, Place(Path(dist), VERBS), 1, ready, resources=ABILITIES
)
