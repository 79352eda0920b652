"""A fleet on many machines, each a process of this one: a scheduler, workers, and their store."""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fake_fleet import FakeFleet, Seen

from builder.fleet.cluster.executor import ClusterExecutor
from builder.fleet.cluster.secret import security_for, spoken
from builder.fleet.cluster.waiting import WaitingExecutor
from builder.fleet.job import Outcome
from builder.fleet.run import run

TESTS = Path(__file__).parents[1]
WORKER = TESTS / "unit" / "fleet" / "work_for_fleet.py"
PATHS = (TESTS / "unit" / "fleet", TESTS, TESTS / "unit", TESTS.parent)
ENVIRONMENT = {"PYTHONPATH": ":".join(map(str, PATHS))}
COMMAND = (sys.executable, "-c", "from builder.cli.program import main; main()", "fleet")


@dataclass
class Cluster:
    """Its processes, and where its machines have their builds."""

    home: Path
    key: Path | None = None
    address: str = ""
    store: str = ""
    scheduler: subprocess.Popen[str] | None = None
    workers: list[subprocess.Popen[str]] = field(default_factory=list)

    def start_scheduler(self, *words: str, **variables: str) -> None:
        if self.scheduler is not None and self.scheduler.stdout is not None:
            self.scheduler.stdout.close()
        port = self.address.rpartition(":")[2] or "0"
        key = ("--key", str(self.key)) if self.key else ()
        self.scheduler = subprocess.Popen(
            [*COMMAND, "scheduler", "--port", port, *key, *words],
            env={**os.environ, **ENVIRONMENT, **variables},
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.scheduler.stdout is not None
        self.address = self.scheduler.stdout.readline().strip()

    def start_worker(self, dist: Path | None = None, **variables: str) -> subprocess.Popen[str]:
        """Start one that is ready; it has ended where it could not work."""
        dist = dist or self.home / f"worker-{len(self.workers)}"
        key = (str(self.key),) if self.key else ()
        worker = subprocess.Popen(
            [sys.executable, str(WORKER), self.address, str(dist), *key],
            env={**os.environ, **ENVIRONMENT, **variables},
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert worker.stdout is not None
        worker.stdout.readline()  # it is ready when it says what it announces
        self.workers.append(worker)
        return worker

    def executor(self, seen: Seen) -> WaitingExecutor:
        security = security_for(self.address, self.key)
        workers = ClusterExecutor(
            spoken(self.address, security), security, self.store, seen.phase, seen.dashboard
        )
        return WaitingExecutor(workers)

    def run(self, fleet: FakeFleet, seen: Seen | None = None) -> dict[str, Outcome]:
        with self.executor(seen or fleet.seen) as executor:
            outcomes = run(fleet.jobs(), executor, seen or fleet.seen)
        return {outcome.step.id: outcome for outcome in outcomes}


@contextmanager
def running(
    home: Path, key: Path | None = None, *words: str, **variables: str
) -> Generator[Cluster]:
    """A scheduler without workers; all that is started is ended."""
    cluster = Cluster(home, key, store=str(home / "store"))
    with ExitStack() as ends:
        cluster.start_scheduler(*words, **variables)
        ends.callback(_end, cluster)
        yield cluster


def _end(cluster: Cluster) -> None:
    for process in (*cluster.workers, cluster.scheduler):
        if process is not None:
            process.kill()
            process.wait(30)
            if process.stdout is not None:
                process.stdout.close()
