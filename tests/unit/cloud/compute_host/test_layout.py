"""A compute host is divided into what is its own and what is guests', whole cores each."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sysfs_hosts import Numbering, blocks, guides_host, interleaved, sysfs

from builder.cloud.compute_host.capacity import lay_out
from builder.cloud.compute_host.cpu_list import parsed
from builder.cloud.compute_host.layout import Demand, Division, HostLayout, demand_of, divide
from builder.cloud.compute_host.page import layout_page
from builder.cloud.compute_host.picture import layout_json, layout_text
from builder.cloud.compute_host.topology import Core, HostTopology, from_sysfs
from builder.cloud.plan.plan import CloudPlan, FlavorSize, OwnedNeed
from builder.errors import InputError
from builder.feature import ExtraSpec, HostFact, Need
from builder.feature.nova_release import NEWEST
from builder.terminal.output import rendered

PINNED = Demand(pinned=True, vcpus=4)
FIRST_FOUR = Division(host=frozenset(range(4)))


def guide(numbering: Numbering = interleaved) -> HostTopology:
    return from_sysfs(guides_host(numbering), "-")


def without_smt(cores: int = 4, memory_kb: int = 8 << 20) -> HostTopology:
    places = {cpu: (0, cpu) for cpu in range(cores)}
    return from_sysfs(sysfs(places, {0: memory_kb}), "-")


def refused(topology: HostTopology, demand: Demand, division: Division = Division()) -> InputError:  # noqa: B008
    with pytest.raises(InputError) as caught:
        lay_out(topology, demand, division)
    assert caught.value.details
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("numbering", [blocks, interleaved])
def test_the_guides_host(numbering: Numbering, golden: Callable[[str, str], None]) -> None:
    layout = lay_out(guide(numbering), PINNED, FIRST_FOUR)
    name = f"hosts/guide-{numbering.__name__}"
    golden(rendered(layout_text(layout), None), f"{name}.txt")
    golden(json.dumps(layout_json(layout), indent=2) + "\n", f"{name}.json")


def test_by_default_each_node_leaves_the_host_its_first_core() -> None:
    layout = lay_out(guide(), PINNED, Division())
    assert layout.host_cpus == "0-1,20-21"
    assert layout.cpu_dedicated_set == layout.isolcpus == layout.nohz_full == "2-19,22-39"
    assert layout.cpu_shared_set == ""
    assert [node.host_memory_mb for node in layout.nodes] == [2048, 2048]


def test_guests_that_float_have_cpus_beside_those_that_are_pinned() -> None:
    layout = lay_out(guide(), PINNED, Division(shared=frozenset({2, 3})))
    assert layout.cpu_shared_set == "2-3,22-23"
    assert layout.cpu_dedicated_set == "4-19,24-39"
    assert any("22-23 are threads of the same cores as 2-3" in note for note in layout.notes)


def test_without_pinned_guests_nothing_is_isolated() -> None:
    layout = lay_out(guide(), Demand(pinned=False, vcpus=64), Division())
    assert (layout.cpu_shared_set, layout.cpu_dedicated_set, layout.isolcpus) == (
        "2-19,22-39",
        "",
        "",
    )


def test_a_cloud_plan_tells_what_a_guest_asks_for() -> None:
    specs = {
        "hw:cpu_policy": "dedicated",
        "hw:cpu_thread_policy": "require",
        "hw:numa_nodes": "2",
        "hw:emulator_threads_policy": "isolate",
    }
    needs = tuple(
        OwnedNeed(Need(what=ExtraSpec(name, value), reason="", source=""), ("x",))
        for name, value in specs.items()
    )
    plan = CloudPlan("p", NEWEST, needs, FlavorSize(6, 2048, 10))
    assert demand_of(plan) == Demand(
        pinned=True, vcpus=6, emulator=1, numa_nodes=2, thread_policy="require"
    )
    assert demand_of(replace(plan, needs=())) == Demand(pinned=False, vcpus=6)


def test_what_the_host_is_to_have_fills_fragments() -> None:
    layout = lay_out(guide(), PINNED, Division(shared=frozenset({2})))
    assert layout.facts == {
        HostFact.DEDICATED_CPUS: "3-19,23-39",
        HostFact.SHARED_CPUS: "2,22",
        HostFact.HOST_MEMORY: "4096",
    }
    assert HostFact.SHARED_CPUS not in lay_out(guide(), PINNED, Division()).facts


def test_require_wants_threads() -> None:
    demand = Demand(pinned=True, vcpus=2, thread_policy="require")
    assert "thread policy 'require'" in str(refused(without_smt(), demand))
    assert lay_out(guide(), demand, Division())


def test_isolate_wants_cores_without_threads() -> None:
    demand = Demand(pinned=True, vcpus=2, thread_policy="isolate")
    assert "thread policy 'isolate'" in str(refused(guide(), demand))
    assert lay_out(without_smt(), demand, Division())


def test_more_pinned_vcpus_than_there_are() -> None:
    most = Demand(pinned=True, vcpus=36, numa_nodes=2)
    assert lay_out(guide(), most, Division())
    error = refused(guide(), Demand(pinned=True, vcpus=37, numa_nodes=1))
    assert error.message == (
        "The guest takes 37 CPUs of its own, and the compute host has 36 for that."
    )
    assert "The host keeps 0-1,20-21" in error.details[0]


def test_a_guest_of_one_node_must_fit_into_one_of_the_host() -> None:
    assert lay_out(guide(), Demand(pinned=True, vcpus=18), Division())
    error = refused(guide(), Demand(pinned=True, vcpus=20))
    assert "node 0 has 18 and node 1 has 18" in error.details[0]
    assert error.hint == "Give the flavor hw:numa_nodes=2, or fewer vCPUs."
    assert "Ask for fewer" in refused(guide(), Demand(pinned=True, vcpus=19)).hint  # is odd


def test_the_emulators_own_cpu_is_counted() -> None:
    assert lay_out(without_smt(), Demand(pinned=True, vcpus=3), Division())
    error = refused(without_smt(), Demand(pinned=True, vcpus=3, emulator=1))
    assert "takes 4 CPUs of its own" in error.message


@pytest.mark.parametrize(
    ("division", "message"),
    [
        (Division(host=frozenset()), "No CPU is left to the compute host itself."),
        (Division(host=frozenset(range(4))), "takes all of its CPUs, 0-3, for itself."),
        (Division(host=frozenset({0, 9})), "has no CPU 9 for the host."),
        (Division(shared=frozenset({9})), "has no CPU 9 for guests that float."),
        (Division(host=frozenset({0}), shared=frozenset({0})), "CPU 0 cannot be the host's and"),
        (Division(memory_mb=8192), "has 8192 MiB of memory, and would keep 8192 MiB"),
    ],
)
def test_a_division_that_cannot_be_is_refused(division: Division, message: str) -> None:
    assert message in refused(without_smt(), Demand(pinned=False, vcpus=1), division).message


def test_what_nobody_asked_for_is_told() -> None:
    cores = (Core(0, 0, (0,)), Core(0, 0, (1,)), Core(1, 1, (2,)))
    topology = HostTopology(cores, {0: 16384, 1: 0}, frozenset({3}))
    told = " ".join(divide(topology, PINNED, Division(host=frozenset({1}))).notes)
    assert "CPU 3 is offline" in told
    assert "CPU 0 is not the host's" in told
    assert "NUMA node 1 leaves the host no CPU" in told
    assert "NUMA node 1 has no memory" in told
    assert "was not told" not in told
    assert "was not told" in " ".join(divide(HostTopology(cores), PINNED, Division()).notes)


HOSTS = st.builds(
    lambda nodes, cores, threads: HostTopology(
        tuple(
            Core(node, node, tuple(sorted(cpus)))
            for node in range(nodes)
            for core in range(cores)
            for cpus in [
                [core * nodes + node + thread * cores * nodes for thread in range(threads)]
            ]
        ),
        dict.fromkeys(range(nodes), 65536),
    ),
    st.integers(1, 4),
    st.integers(2, 8),
    st.integers(1, 4),
)


@given(HOSTS, st.frozensets(st.integers(0, 127)), st.frozensets(st.integers(0, 127)), st.booleans())
def test_no_core_is_parted_and_every_cpu_is_somebodys(
    topology: HostTopology,
    host: frozenset[int],
    shared: frozenset[int],
    pinned: bool,  # noqa: FBT001
) -> None:
    division = Division(host & topology.cpus or None, shared & topology.cpus)
    try:
        layout = lay_out(topology, Demand(pinned=pinned, vcpus=1), division)
    except InputError:
        return
    uses = [
        parsed(layout.host_cpus), parsed(layout.cpu_shared_set), parsed(layout.cpu_dedicated_set)
    ]  # fmt: skip
    assert frozenset().union(*uses) == topology.cpus
    assert sum(map(len, uses)) == len(topology.cpus)
    for core in topology.cores:
        assert sum(bool(use & set(core.cpus)) for use in uses) == 1
    assert sum(node.host_memory_mb for node in layout.nodes) == pytest.approx(4096, abs=4)


def page(layout: HostLayout) -> str:
    return layout_page(layout, "<script>")


def test_the_page_shows_every_core_once_and_asks_nothing_of_the_network() -> None:
    shown = page(lay_out(guide(), PINNED, FIRST_FOUR))
    assert shown.count('<li class="core host">') == 4
    assert shown.count('<li class="core dedicated">') == 16
    assert "4-19,24-39" in shown
    assert "<script" not in shown
    assert "http" not in shown.replace("http-equiv", "")


def test_many_cores_are_shown_in_rows_of_sixteen() -> None:
    layout = lay_out(without_smt(40), Demand(pinned=False, vcpus=1), Division())
    text = rendered(layout_text(layout), None)
    assert text.count("thread 0") == 3
    assert max(map(len, text.splitlines())) <= 100
