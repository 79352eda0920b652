"""Simulated fleets: cases of which it is known what must come out."""

from dataclasses import replace

import pytest
from fleet_images import HERE, jobs_of
from fleet_simulation import Simulated, simulate
from fleet_site import PLENTY, Costs, Site, Task, machine
from fluid import Pool
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.fleet.graph import Kind
from builder.fleet.model import Way

BUILD, COLD, PROOF, SERVER, LINE = 20.0, 50.0, 100.0, 150.0, 100.0
COSTS = Costs(
    cold_build=Task(COLD, COLD),
    warm_build=Task(BUILD, BUILD),
    proof=Task(PROOF, 2 * PROOF),
    cloud_proof=SERVER,
    image=300.0,
    evidence=0.001,
    packages=0.001,
    line=LINE,
)
PUSH = COSTS.image / LINE
RELEASE = Way(staging="staging", production=("west", "east"))


def on(hosts: int, images: int, *, store: float = PLENTY, way: Way = HERE) -> Simulated:
    workers = [worker for _ in range(hosts) for worker in machine(2)]
    return simulate(jobs_of(images, [way]), Site(workers, COSTS, Pool(store), Pool(PLENTY)))


def test_one_worker_takes_the_sum_of_all_steps() -> None:
    result = on(1, 5)
    assert result.seconds == pytest.approx(COLD + 4 * BUILD + 5 * (PUSH + PROOF), rel=1e-4)
    assert result.slots == pytest.approx(1)
    assert result.bottleneck == "hosts"


def test_with_a_worker_for_each_image_it_takes_the_longest_chain() -> None:
    result = on(8, 8)
    assert result.seconds == pytest.approx(COLD + PUSH + PROOF, rel=1e-4)
    assert on(64, 8).seconds == pytest.approx(result.seconds)
    assert on(64, 8).bottleneck == "longest chain"


def test_the_first_build_of_each_machine_is_a_cold_one() -> None:
    builds = jobs_of(4, kinds=[Kind.BUILD])
    workers = [*machine(2), *machine(2)]
    result = simulate(builds, Site(workers, COSTS, Pool(PLENTY), Pool(PLENTY)))
    assert result.seconds == pytest.approx(COLD + BUILD + 2 * PUSH, rel=1e-4)


def test_a_slow_store_bounds_many_hosts() -> None:
    result = on(64, 64, store=10.0)
    assert result.seconds > 64 * COSTS.image / 10.0
    assert result.bottleneck == "store"
    assert result.store > 0.9


def test_a_build_that_is_on_its_worker_is_not_fetched() -> None:
    alone, store = Site(machine(2), COSTS, Pool(PLENTY), Pool(PLENTY)), COSTS.image
    simulate(jobs_of(3), alone)
    assert alone.store.used == pytest.approx(3 * store, rel=1e-3)


def test_a_cloud_does_one_step_at_a_time() -> None:
    result = on(64, 10, way=RELEASE)
    staging = 10 * (PUSH + SERVER + 2 * PUSH)  # promotions have their data from there
    assert result.seconds >= staging
    assert result.bottleneck == "a cloud"
    assert result.clouds > 0.8


def test_workers_of_one_machine_share_its_cores() -> None:
    costs = replace(COSTS, cold_build=Task(BUILD, 2 * BUILD), warm_build=Task(BUILD, 2 * BUILD))
    builds = jobs_of(4, kinds=[Kind.BUILD])

    def seconds(workers: int) -> float:
        site = Site(machine(2, workers=workers), costs, Pool(PLENTY), Pool(PLENTY))
        return simulate(builds, site).seconds

    assert seconds(1) == pytest.approx(4 * BUILD + 4 * PUSH, rel=1e-3)
    assert seconds(4) == pytest.approx(4 * BUILD + PUSH, rel=1e-3)  # only what waits overlaps


def test_slots_and_memory_bound_what_a_worker_takes() -> None:
    def seconds(memory: float) -> float:
        workers = machine(8, slots=2, memory=memory)
        return simulate(jobs_of(2), Site(workers, COSTS, Pool(PLENTY), Pool(PLENTY))).seconds

    assert seconds(64) == pytest.approx(COLD + PUSH + PROOF, rel=1e-4)
    assert seconds(5) > COLD + BUILD + 2 * PROOF


@settings(max_examples=15)
@given(
    st.integers(1, 12),
    st.integers(1, 12),
    st.floats(5, 1000),
    st.sampled_from([HERE, RELEASE, Way(production=("west",))]),
)
def test_no_run_ends_sooner_than_what_bounds_it(
    hosts: int, images: int, store: float, way: Way
) -> None:
    result = on(hosts, images, store=store, way=way)
    assert result.seconds >= max(result.bounds.values()) * 0.9999
    shares = (result.slots, result.cores, result.store, result.clouds)
    assert all(0 <= share <= 1.0001 for share in shares)
