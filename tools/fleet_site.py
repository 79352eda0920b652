"""The machines of a simulated fleet: what they have, share, and take for each step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fluid import Pool, Work

from builder.fleet.cluster.abilities import (
    BUILDS,
    CLOUDS,
    MEMORY,
    PROVES,
    SLOTS,
    SPACE,
    Resources,
)
from builder.fleet.graph import Kind
from builder.fleet.job import Job

X86 = "x86_64"
GUESTS = ("guests-x86_64", "uefi-x86_64")
PLENTY = 1e12
"""Units a second, of what is not to limit anything."""


@dataclass(frozen=True)
class Task:
    """What something takes of cores: so many seconds of CPU within so many seconds alone."""

    seconds: float
    cpu: float

    def on(self, cores: Pool) -> Work:
        """The same on shared cores."""
        return Work(self.cpu, cores, self.cpu / self.seconds)


@dataclass(frozen=True)
class Costs:
    """What steps take."""

    cold_build: Task
    """The first build on a machine, which keeps what the next ones begin with."""
    warm_build: Task
    proof: Task
    cloud_proof: float
    """Seconds until a server has shown what it is to show."""
    image: float
    """Bytes of a build."""
    evidence: float
    """Bytes of what a proof adds to it."""
    packages: float
    """Bytes that the first build on a machine asks the archive for."""
    line: float
    """Bytes a second of one transfer, at the most."""


@dataclass(eq=False)
class Worker:
    """A worker with its builds and its cache."""

    cores: Pool
    """Those of its machine."""
    slots: int
    memory: float
    """GiB."""
    warm: bool = False
    builds: set[str] = field(default_factory=set)
    steps: int = field(default=0, init=False)
    """Those that it does now."""
    left: dict[str, float] = field(init=False)
    """Of what it has announced."""

    def __post_init__(self) -> None:
        self.left = dict.fromkeys((SLOTS, BUILDS, PROVES, CLOUDS, X86, *GUESTS), float(self.slots))
        self.left[SPACE] = PLENTY
        self.left[MEMORY] = self.memory

    def has_room_for(self, wants: Resources) -> bool:
        """Whether there is enough left."""
        return all(self.left[name] >= count for name, count in wants.items())

    def change(self, wants: Resources, steps: int) -> None:
        """Begin a step (1), or end it (-1)."""
        self.steps += steps
        for name, count in wants.items():
            self.left[name] -= count * steps


def machine(cores: float, *, slots: int = 1, workers: int = 1, memory: float = 64) -> list[Worker]:
    """A machine's workers, each on all its cores."""
    pool = Pool(cores)
    return [Worker(pool, slots, memory) for _ in range(workers)]


@dataclass
class Site:
    """The machines, and what they share."""

    workers: Sequence[Worker]
    costs: Costs
    store: Pool
    archive: Pool
    waiting: Pool = field(default_factory=lambda: Pool(PLENTY))
    """What only takes time."""
    cloud_seconds: dict[str, float] = field(default_factory=dict)
    """How long each cloud was held."""

    @property
    def slots(self) -> int:
        """Builds and proofs side by side."""
        return sum(worker.slots for worker in self.workers)

    @property
    def cores(self) -> set[Pool]:
        """Those of each machine."""
        return {worker.cores for worker in self.workers}

    def works(self, job: Job, worker: Worker) -> Iterator[Work]:
        """What a step does on a worker, one after another."""
        costs, image = self.costs, job.step.image
        if job.step.kind is not Kind.BUILD and image not in worker.builds:
            yield Work(costs.image, self.store, costs.line)
        match job.step.kind:
            case Kind.BUILD:
                if not worker.warm:
                    yield Work(costs.packages, self.archive, costs.line)
                yield (costs.warm_build if worker.warm else costs.cold_build).on(worker.cores)
                yield Work(costs.image, self.store, costs.line)
            case Kind.PROOF:
                yield costs.proof.on(worker.cores)
                yield Work(costs.evidence, self.store, costs.line)
            case Kind.CLOUD_PROOF:
                yield Work(costs.cloud_proof, self.waiting, 1)
                yield Work(costs.evidence, self.store, costs.line)
            case Kind.STAGING | Kind.PRODUCTION:
                # A cloud has a step at a time, so nobody shares the way to it.
                yield Work(costs.image, self.waiting, costs.line)
                yield Work(costs.evidence, self.store, costs.line)

    def did(self, job: Job, worker: Worker) -> None:
        """Remember what a step leaves on its worker."""
        worker.builds.add(job.step.image)
        worker.warm = worker.warm or job.step.kind is Kind.BUILD
