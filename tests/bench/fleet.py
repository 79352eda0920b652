"""Measures what a fleet takes on this machine, and writes ``docs/scale.json``: some 15 minutes.

A cold and a warm build and a proof by themselves, with their CPU seconds; the way of a build to and
from its stores; and 8 images on 1, 2 and 4 workers, each a process with its own cache and its own
builds. ``tools/scale_docs.py`` simulates more hosts by these numbers. Call it as root:
``.venv/bin/python tests/bench/fleet.py [alone] [runs]``, with little else on the machine: how many
cores others had in a run is written beside it.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / name) for name in ("", "unit", "unit/fleet", "integration")]

from sftp_server import serving  # noqa: E402 - found by the path above

from builder.features.registry import installed  # noqa: E402
from builder.fleet.cluster.executor import ClusterExecutor  # noqa: E402
from builder.fleet.cluster.secret import security_for  # noqa: E402
from builder.fleet.cluster.store import Store  # noqa: E402
from builder.fleet.cluster.waiting import WaitingExecutor  # noqa: E402
from builder.fleet.graph import Kind, steps  # noqa: E402
from builder.fleet.job import Job, Outcome, jobs  # noqa: E402
from builder.fleet.matrix import load_fleet  # noqa: E402
from builder.fleet.run import run  # noqa: E402
from builder.host.accelerator import detect  # noqa: E402
from builder.store import manifest  # noqa: E402

PROGRAM = (sys.executable, "-c", "from builder.cli.program import main; main()")
RESULTS = TESTS.parent / "docs" / "scale.json"
WORKERS = (1, 2, 4)
PACKAGES = ("tcpdump", "strace", "lsof", "rsync", "tree", "tmux", "jq", "socat")
"""Each image has another one: no build can take over another's image."""
PROVEN = "base"


@dataclass(frozen=True)
class Cost:
    """What a verb has taken."""

    seconds: float
    cpu: float
    """Seconds of all its processes."""


def cost_of(work: Callable[[], object]) -> Cost:
    """What a call takes, with the processes that it starts."""
    start, before = time.monotonic(), _cpu()
    work()
    return Cost(round(time.monotonic() - start, 1), round(_cpu() - before, 1))


def _cpu() -> float:
    each = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in each)


def guest_image(home: Path, *words: object) -> None:
    """Run a verb with a cache in ``home``; what it says is shown if it fails."""
    environment = {**os.environ, "GUEST_IMAGE_CACHE": str(home / "cache")}
    done = subprocess.run(
        [*PROGRAM, *map(str, words)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stdout)


def write_profiles(home: Path) -> list[Path]:
    """As many small variants of ``base`` as there are packages, and the file that names them."""
    profiles = []
    for package in PACKAGES:
        path = home / f"base-{package}.yaml"
        path.write_text(f"extends: base\npackages: [{package}]\n")
        profiles.append(path)
    entries = "".join(f"  {path.stem}: {{profile: ./{path.name}}}\n" for path in profiles)
    (home / "images.yaml").write_text(f"images:\n{entries}")
    return profiles


def measure_steps(home: Path, profiles: Sequence[Path]) -> dict[str, object]:
    """A cold build, a warm one, and a proof, each alone on the machine."""
    dist = home / "alone"
    cold, warm = (
        cost_of(lambda profile=profile: guest_image(home, "build", profile, "--output", dist))
        for profile in (profiles[0], PROVEN)
    )
    build = dist / PROVEN / "latest"
    proof = cost_of(lambda: guest_image(home, "prove", build, "--output", dist))
    told = manifest.read(build)
    return {
        "image_bytes": sum(path.stat().st_size for path in build.iterdir() if path.is_file()),
        "cached_bytes": sum(
            path.stat().st_size for path in (home / "cache/packages").rglob("*.deb")
        ),
        "phases": told.timings,
        "checks": len(told.valid_evidence()),
        "cold build": asdict(cold),
        "warm build": asdict(warm),
        "proof": asdict(proof),
    }


def measure_store(url: str, home: Path, dist: Path, image: str) -> dict[str, object]:
    """The way of a build to a store, and from it to another machine."""
    push = cost_of(lambda: Store(url).push(image, dist))
    fetch = cost_of(lambda: Store(url).fetch(image, home / "fetched"))
    return {"push": asdict(push), "fetch": asdict(fetch)}


class Quiet:
    """A watcher that tells how each step ends."""

    def submitted(self, job: Job) -> None:
        """A step may begin."""

    def ended(self, outcome: Outcome) -> None:
        """A step has ended."""
        print(f"  {outcome.step.id} {outcome.result}: {outcome.seconds:.0f} s on {outcome.host}")

    def tick(self) -> None:
        """Time has passed."""


@contextmanager
def started(home: Path, *words: object) -> Generator[str]:
    """A scheduler or a worker with a cache of its own, and the first that it says."""
    home.mkdir()
    with subprocess.Popen(
        [*PROGRAM, "fleet", *map(str, words)],
        env={**os.environ, "GUEST_IMAGE_CACHE": str(home / "cache")},
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def measure_workers(home: Path, fleet: Sequence[Job], count: int) -> dict[str, object]:
    """All builds on so many workers, each with one slot and the whole machine beside the others."""
    home.mkdir()
    own, busy = _cpu(), _busy()
    with ExitStack() as stack:
        address = stack.enter_context(started(home / "scheduler", "scheduler", "--port", 0))
        for number in range(count):
            place = home / f"worker-{number}"
            words = ("worker", address, "--slots", 1, "--output", place / "builds")
            stack.enter_context(started(place, *words))
        workers = ClusterExecutor(
            address, security_for(address, None), str(home / "store"), _nothing, _nothing
        )
        executor = WaitingExecutor(workers)
        start = time.monotonic()
        with executor:
            outcomes = run(fleet, executor, Quiet())
        seconds = round(time.monotonic() - start, 1)
    assert all(outcome.good for outcome in outcomes), outcomes
    own, busy = _cpu() - own, _busy() - busy
    names = list(dict.fromkeys(outcome.host for outcome in outcomes))
    builds = [
        {"worker": names.index(outcome.host), "seconds": outcome.seconds} for outcome in outcomes
    ]
    return {
        "workers": count,
        "seconds": seconds,
        "cpu": round(own, 1),
        "others": round(max(0.0, busy - own) / seconds, 2),
        "builds": builds,
    }


def _nothing(*_: object) -> None:
    """What phases are told to."""


def _busy() -> float:
    """Seconds that this machine's CPUs have worked, for whomever (proc(5))."""
    user, nice, system, _, _, irq, softirq, *_ = map(
        int, Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    )
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def measure_alone(home: Path) -> dict[str, object]:
    """What steps and stores take, one after another."""
    found = measure_steps(home, write_profiles(home))
    with serving(home / "server") as server:
        server.trust()
        stores = {
            name: measure_store(url, home / name, home / "alone", PROVEN)
            for name, url in (("directory", str(home / "store")), ("sftp", server.url))
        }
    machine = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "cpus": len(os.sched_getaffinity(0)),
        "accelerator": detect().name,
    }
    return {"machine": machine, **found, "stores": stores}


def measure_runs(home: Path) -> dict[str, object]:
    """The same images on other numbers of workers."""
    write_profiles(home)
    fleet = load_fleet(home / "images.yaml", installed())
    builds = [step for step in steps(fleet.images) if step.kind is Kind.BUILD]
    runs = [
        measure_workers(home / f"workers-{count}", jobs(fleet, builds), count) for count in WORKERS
    ]
    return {"runs": runs}


PARTS = {"alone": measure_alone, "runs": measure_runs}


def main(parts: Sequence[str]) -> None:
    """Measure the parts, or all, and write each as soon as it is known."""
    for name in parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="bench-of-fleets-") as home:
            found = PARTS[name](Path(home))
        before = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
        RESULTS.write_text(json.dumps({**before, **found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
