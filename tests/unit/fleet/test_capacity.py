"""What a host gives to steps: CPUs of their own, memory, a cloud at a time."""

from hypothesis import given
from hypothesis import strategies as st

from builder.fleet.capacity import Capacity, Demand, computing, demand_of
from builder.fleet.graph import Kind, Step
from builder.host.room import GIB

BUILD = demand_of(Step("a", Kind.BUILD))
PROOF = demand_of(Step("a", Kind.PROOF))


def test_others_that_wait_leave_each_its_share() -> None:
    host = Capacity(set(range(8)), 64 * GIB)
    assert host.take(PROOF, 3) == (0, 1)
    assert host.take(PROOF, 3) == (2, 3)
    assert host.take(PROOF, 0) == (4, 5, 6, 7)
    assert host.take(PROOF, 3) is None


def test_nobody_gets_more_than_it_can_use() -> None:
    assert len(Capacity(set(range(64)), 64 * GIB).take(BUILD, 0) or ()) == BUILD.cpus


def test_what_wants_more_memory_than_there_is_waits_unless_it_is_alone() -> None:
    host = Capacity({0, 1}, 4 * GIB)
    cpus = host.take(BUILD, 1)
    assert cpus == (0,)
    assert host.take(PROOF, 1) is None
    host.give(BUILD, cpus)
    assert host.take(PROOF, 1) == (0,)


def test_a_cloud_is_used_by_one_step_at_a_time_and_takes_no_cpu() -> None:
    host = Capacity({0}, 64 * GIB)
    first = demand_of(Step("a", Kind.PRODUCTION, "prod"), "staging")
    assert host.take(first, 0) == ()
    assert host.take(demand_of(Step("b", Kind.STAGING, "staging")), 0) is None
    assert host.take(demand_of(Step("b", Kind.PRODUCTION, "other")), 0) == ()
    assert host.take(BUILD, 0) == (0,)
    host.give(first, ())
    assert host.take(demand_of(Step("b", Kind.STAGING, "staging")), 0) == ()


def test_only_what_wants_cpus_counts_as_another() -> None:
    assert computing([BUILD, demand_of(Step("a", Kind.STAGING, "staging"))]) == 1


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 6)), max_size=30),
    st.integers(1, 16),
)
def test_no_cpu_is_given_twice_and_all_come_back(
    wanted: list[tuple[int, int, int]], cpus: int
) -> None:
    host = Capacity(set(range(cpus)), 10)
    held: list[tuple[Demand, tuple[int, ...]]] = []
    for most, memory, others in wanted:
        demand = Demand(most, memory, frozenset())
        got = host.take(demand, others)
        if got is None:
            for part in held:
                host.give(*part)
            held = []
            continue
        assert len(got) >= min(most, 1)
        assert not set(got) & {cpu for _, other in held for cpu in other}
        held.append((demand, got))
    for part in held:
        host.give(*part)
    assert (host.cpus, host.memory) == (set(range(cpus)), 10)
