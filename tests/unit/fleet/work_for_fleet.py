"""A worker whose verbs are fakes, in a process that a test can kill: scheduler, builds, key.

``WORKER_PACE`` is the share that its waits for the store, and for others there, take of their time.
"""

import os
import sys
from pathlib import Path

from fake_fleet import VERBS

from builder.fleet.cluster import lease, task
from builder.fleet.cluster.abilities import (
    BUILDS,
    CLOUDS,
    MEMORY,
    MULTIQUEUE,
    PROVES,
    SLOTS,
    SPACE,
)
from builder.fleet.cluster.secret import security_for, spoken
from builder.fleet.cluster.serve import serve_worker
from builder.fleet.perform import Place

address, dist, *rest = sys.argv[1:]
key = Path(rest[0]) if rest else None
security = security_for(address, key)
KINDS = (BUILDS, PROVES, CLOUDS, MULTIQUEUE, "x86_64", "guests-x86_64", "uefi-x86_64")
ABILITIES = {SLOTS: 1.0, MEMORY: 64.0, SPACE: 64.0, **dict.fromkeys(KINDS, 9.0)}
PACE = float(os.environ.get("WORKER_PACE", "1"))

for module, names in (
    (lease, ("BEAT", "GIVE_UP", "DEATH", "PATIENCE", "POLL")),
    (task, ("PAUSE", "PATIENCE")),
):
    for name in names:
        setattr(module, name, getattr(module, name) * PACE)
serve_worker(
    spoken(address, security), security, Place(Path(dist), VERBS), 1,
    lambda announced: print(announced, flush=True), resources=ABILITIES,
)  # fmt: skip
