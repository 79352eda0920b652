"""A run in a process of its own, which a test can kill: images.yaml, builds, and CPUs."""

import os
import sys
from pathlib import Path

from fake_fleet import VERBS, Seen

from builder.features.registry import shipped
from builder.fleet.capacity import Capacity
from builder.fleet.graph import steps
from builder.fleet.job import jobs
from builder.fleet.local import LocalExecutor
from builder.fleet.matrix import load_fleet
from builder.fleet.perform import Place
from builder.fleet.run import run
from builder.host.room import GIB

matrix, dist = map(Path, sys.argv[1:])
fleet = load_fleet(matrix, shipped())
seen = Seen()
capacity = Capacity(os.sched_getaffinity(0), 64 * GIB)
with LocalExecutor(Place(dist, VERBS), seen.phase, capacity) as executor:
    outcomes = run(jobs(fleet, steps(fleet.images)), executor, seen)
sys.exit(not all(outcome.good for outcome in outcomes))
