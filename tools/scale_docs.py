"""The numbers of ``docs/scale.md`` and its picture, from what ``make bench-fleet`` has measured.

``make golden`` writes both: the same measurements give the same files.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleet_images import HERE, jobs_of
from fleet_simulation import Simulated, simulate
from fleet_site import PLENTY, Costs, Site, Task, machine
from fluid import Pool
from scale_chart import chart

from builder.fleet.graph import Kind
from builder.fleet.model import Way

DOCS = Path(__file__).parents[1] / "docs"
MEASURED = DOCS / "scale.json"

HOSTS = (1, 2, 4, 8, 16, 32, 64)
IMAGES = 128
FEW = 8
MEBIBYTE = 1 << 20
GIGABIT = 125e6
"""Bytes a second of a line of 1 Gbit/s: of each host, and of the store but where it is said."""
EVIDENCE = 2e6
"""Bytes: a manifest, a report, and the consoles of the boots."""
CLOUD_PROOF = 150.0
"""Seconds, as in ``docs/local-openstack.md``: active after 14, a password two minutes later."""

CLOUDS = ("west", "east")
RELEASE = (Way(staging="staging", production=CLOUDS),)
STAGINGS = tuple(Way(staging=f"staging-{number}", production=CLOUDS) for number in range(1, 5))


@dataclass(frozen=True)
class Scenario:
    """What machines share, and where images go."""

    name: str
    told: str
    store: float = GIGABIT
    """Bytes a second."""
    ways: Sequence[Way] = (HERE,)
    images: int = IMAGES


SCENARIOS = (
    Scenario("store: 10 Gbit/s", "Build and proof; a store with 10 Gbit/s", 10 * GIGABIT),
    Scenario("store: 1 Gbit/s", "Build and proof; a store with 1 Gbit/s"),
    Scenario("store: 100 Mbit/s", "Build and proof; a store with 100 Mbit/s", GIGABIT / 10),
    Scenario(
        "four stagings", "The whole way, a quarter of the images by each staging", ways=STAGINGS
    ),
    Scenario("one staging", "The whole way: one staging, two clouds of production", ways=RELEASE),
    Scenario(
        "8 images only", "Build and proof of 8 images only; a store with 1 Gbit/s", images=FEW
    ),
)


def costs_of(measured: Mapping[str, Any], line: float = GIGABIT) -> Costs:  # Any: JSON
    """What steps take, as it was measured; the way to clouds, and servers there, were not."""
    cold, warm, proof = (Task(**measured[name]) for name in ("cold build", "warm build", "proof"))
    return Costs(
        cold,
        warm,
        proof,
        CLOUD_PROOF,
        measured["image_bytes"],
        EVIDENCE,
        measured["cached_bytes"],
        line,
    )


def simulated(measured: Mapping[str, Any], scenario: Scenario, hosts: int) -> Simulated:
    """A scenario on so many hosts like the measured one, each with one slot."""
    cpus = measured["machine"]["cpus"]
    workers = [worker for _ in range(hosts) for worker in machine(cpus)]
    site = Site(workers, costs_of(measured), Pool(scenario.store), Pool(GIGABIT))
    return simulate(jobs_of(scenario.images, scenario.ways), site)


def repeated(measured: Mapping[str, Any], run: Mapping[str, Any]) -> Simulated:
    """What was measured of workers on one machine, simulated: on what others left of its cores."""
    fetched = measured["stores"]["directory"]["push"]["seconds"]
    costs = costs_of(measured, measured["image_bytes"] / fetched)
    left = measured["machine"]["cpus"] - run["others"]
    site = Site(machine(left, workers=run["workers"]), costs, Pool(PLENTY), Pool(PLENTY))
    return simulate(jobs_of(len(run["builds"]), kinds=[Kind.BUILD]), site)


def steps_table(measured: Mapping[str, Any]) -> Iterator[str]:
    """What steps take alone."""
    yield "| step | takes | CPU time |"
    yield "|---|---|---|"
    for name, told in (
        ("cold build", "the first build on a worker, with an empty cache"),
        ("warm build", "the next ones"),
        ("proof", f"a proof: {measured['checks']} checks, emulated"),
    ):
        cost = measured[name]
        yield f"| {told} | {cost['seconds']:.0f} s | {cost['cpu']:.0f} s |"
    size = measured["image_bytes"] / MEBIBYTE
    for store, way in (("directory", "a shared directory"), ("sftp", "SFTP on loopback")):
        for action, told in (("push", "to"), ("fetch", "from")):
            cost = measured["stores"][store][action]
            yield (
                f"| a build, {size:.0f} MiB, {told} {way} |"
                f" {cost['seconds']:.1f} s | {cost['cpu']:.1f} s |"
            )


def workers_table(measured: Mapping[str, Any]) -> Iterator[str]:
    """What was measured of workers on one machine, and what is simulated of them."""
    if "runs" not in measured:
        yield "*Not measured yet: it takes a machine with nothing else to do.*"
        return
    yield "| workers | measured | simulated | difference | a build, measured | cores in other use |"
    yield "|---|---|---|---|---|---|"
    for run in measured["runs"]:
        seconds, guessed = run["seconds"], repeated(measured, run).seconds
        builds = sorted(build["seconds"] for build in run["builds"])
        yield (
            f"| {run['workers']} | {seconds:.0f} s | {guessed:.0f} s |"
            f" {100 * (guessed / seconds - 1):+.0f} % |"
            f" {builds[0]:.0f}–{builds[-1]:.0f} s | {run['others']:.1f} |"
        )


def scenario_table(results: Mapping[int, Simulated], images: int) -> Iterator[str]:
    """A scenario over numbers of hosts."""
    yield "| hosts | takes | images an hour | slots | cores | store | busiest cloud | bounded by |"
    yield "|---|---|---|---|---|---|---|---|"
    for hosts, result in results.items():
        shares = (result.slots, result.cores, result.store, result.clouds)
        bound = result.bounds[result.bottleneck] / result.seconds
        yield (
            f"| {hosts} | {result.seconds / 60:.0f} min | {rate(result, images):.0f} | "
            + " | ".join(f"{100 * share:.0f} %" for share in shares)
            + f" | {result.bottleneck} ({100 * bound:.0f} %) |"
        )


def rate(result: Simulated, images: int) -> float:
    """Images an hour."""
    return images * 3600 / result.seconds


def rendered(measured: Mapping[str, Any]) -> tuple[Mapping[str, str], str]:
    """The blocks of the page, by their names, and the picture."""
    results = {
        scenario.name: {hosts: simulated(measured, scenario, hosts) for hosts in HOSTS}
        for scenario in SCENARIOS
    }
    blocks = {
        "steps": "\n".join(steps_table(measured)),
        "workers": "\n".join(workers_table(measured)),
        "scenarios": "\n\n".join(
            "\n".join([f"**{each.told}**", "", *scenario_table(results[each.name], each.images)])
            for each in SCENARIOS
        ),
    }
    series = {
        each.name: [
            (hosts, rate(result, each.images)) for hosts, result in results[each.name].items()
        ]
        for each in SCENARIOS
    }
    return blocks, chart(f"{IMAGES} images, simulated", series)


def pages() -> Mapping[Path, str]:
    """The files as they should be, by the measurements that are there."""
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    blocks, picture = rendered(measured)
    page = DOCS / "scale.md"
    text = page.read_text(encoding="utf-8")
    for name, block in blocks.items():
        begin, end = f"<!-- {name}: written by tools/scale_docs.py -->", f"<!-- end of {name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        text, count = pattern.subn(lambda _: f"{begin}\n\n{block}\n\n{end}", text)  # noqa: B023 - at once
        assert count == 1, f"{page} has no single block {name}"
    return {page: text, DOCS / "scale.svg": picture}
