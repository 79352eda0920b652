"""A fleet whose verbs are fakes, and what is seen of it."""

import json
import os
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fleets import DIGEST, build_of, evidence_of, fleet_of, published
from samples import observed

from builder.fleet.capacity import Capacity
from builder.fleet.graph import steps
from builder.fleet.job import Job, Outcome, jobs
from builder.fleet.local import LocalExecutor
from builder.fleet.model import Fleet
from builder.fleet.perform import Place
from builder.fleet.run import run
from builder.host.room import GIB

VERBS = (sys.executable, "-S", "-E", str(Path(__file__).with_name("fake_verbs.py")))


@dataclass
class Seen:
    """A watcher that notes what it sees."""

    phases: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    workers: set[str] = field(default_factory=set)
    dashboards: list[str] = field(default_factory=list)

    def submitted(self, job: Job) -> None:
        pass

    def phase(self, job: Job, phase: str, worker: str = "") -> None:
        self.phases.append(f"{job.step.id}: {phase}")
        self.workers.add(worker)

    def dashboard(self, link: str) -> None:
        self.dashboards.append(link)

    def ended(self, outcome: Outcome) -> None:
        self.ends.append(outcome.step.id)

    def tick(self) -> None:
        pass


@dataclass
class FakeFleet:
    """A fleet, the fakes that work for it, and what they have done."""

    fleet: Fleet
    home: Path
    dist: Path
    seen: Seen = field(default_factory=Seen)

    def prepare(self) -> None:
        for image in self.fleet.images:
            build = build_of(image, datetime.now(UTC), proven=False)
            (self.home / f"{image.name}.json").write_text(build.model_dump_json())
            evidence = [result.model_dump(mode="json") for result in evidence_of(image)]
            (self.home / f"{image.name}.evidence.json").write_text(json.dumps(evidence))
            for name, record in (
                ("published", published("x", datetime.now(UTC))),
                ("observed", observed("boots", cloud="x", sha256=DIGEST)),
            ):
                (self.home / f"{image.name}.{name}.json").write_text(record.model_dump_json())

    def let(self, verb: str, what: str, content: str = "") -> Path:
        """Let a verb of an image, ``IMAGE.VERB-CLOUD``, be another one from now on."""
        path = self.home / f"{verb}.{what}"
        path.write_text(content)
        return path

    @property
    def calls(self) -> list[list[str]]:
        path = self.home / "calls"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def ended(self) -> list[str]:
        """The verbs that did their work, in the order of their ends."""
        return [call[1] for call in self.calls if call[0] == "end"]

    def forget(self) -> None:
        (self.home / "calls").unlink(missing_ok=True)

    def jobs(self) -> tuple[Job, ...]:
        return jobs(self.fleet, steps(self.fleet.images))

    def executor(self, cpus: int = 2) -> LocalExecutor:
        here = sorted(os.sched_getaffinity(0))
        capacity = Capacity(set(here[:cpus]), 64 * GIB)
        return LocalExecutor(Place(self.dist, VERBS), self.seen.phase, capacity)

    def run(self, cpus: int = 2) -> dict[str, Outcome]:
        with self.executor(cpus) as executor:
            outcomes = run(self.jobs(), executor, self.seen)
        return {outcome.step.id: outcome for outcome in outcomes}


def fake_fleet(directory: Path, monkeypatch: pytest.MonkeyPatch, matrix: str) -> FakeFleet:
    """A fleet of a matrix in a directory, with fakes that have what their images want."""
    home = directory / "fake"
    home.mkdir()
    monkeypatch.setenv("FAKE_VERBS", str(home))
    fleet = FakeFleet(fleet_of(directory, matrix), home, directory / "dist")
    fleet.prepare()
    return fleet
