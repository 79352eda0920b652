"""What Nova makes of a topology, and whether a guest sees it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from check_cases import Case, right_guest, wrong_guest
from fake_guest import FakeGuest
from pydantic import ValidationError

from builder.feature import Machine, Topology
from builder.feature.needs import flavor_of
from builder.feature.nova_release import NEWEST
from builder.features import cpu_topology
from builder.features.cpu_topology import CpuTopologyParameters
from builder.nova.conflicts import nova_conflicts
from builder.nova.hardware import machine
from builder.nova.topology import best, vcpus, wished


@pytest.mark.parametrize(
    ("wish", "count", "expected"),
    [
        ((0, 0, 0), 4, (4, 1, 1)),
        ((2, 2, 2), 8, (2, 2, 2)),
        ((1, 0, 0), 6, (1, 6, 1)),
        ((0, 2, 0), 6, (3, 2, 1)),
        ((0, 0, 2), 8, (4, 1, 2)),
        ((2, 0, 2), 8, (2, 2, 2)),
        ((2, 2, 2), 6, (3, 2, 1)),
        ((3, 0, 0), 4, (4, 1, 1)),
        ((1, 1, 1), 1, (1, 1, 1)),
    ],
)
def test_the_arrangement_is_the_one_that_nova_takes(
    wish: tuple[int, ...], count: int, expected: tuple[int, int, int]
) -> None:
    assert best(wish, count) == Topology(*expected)


@pytest.mark.parametrize(
    ("wish", "count"),
    [((2, 2, 2), 8), ((1, 1, 1), 1), ((1, 0, 0), 2), ((0, 3, 0), 3), ((1, 0, 1), 2)],
)
def test_a_machine_has_as_few_vcpus_as_grant_every_wish(wish: tuple[int, ...], count: int) -> None:
    assert vcpus(wish) == count
    given = best(wish, count)
    parts = (given.sockets, given.cores, given.threads)
    assert all(wanted in (0, part) for wanted, part in zip(wish, parts, strict=True))


def test_what_is_no_number_is_no_wish() -> None:
    assert wished({"hw_cpu_sockets": "two", "hw_cpu_cores": "0"}, "hw_cpu_") == (0, 0, 0)


def test_the_machine_has_the_topology_that_the_image_asks_for() -> None:
    asked = {"hw_cpu_sockets": "2", "hw_cpu_cores": "2", "hw_cpu_threads": "2"}
    hardware = machine(asked, "bios")
    assert (hardware.vcpus, hardware.topology) == (8, Topology(2, 2, 2))
    assert machine({}, "bios").topology is None


IMAGE = {"hw_cpu_sockets": "4", "hw_cpu_cores": "2"}


@pytest.mark.parametrize(
    ("properties", "flavor", "name"),
    [
        (IMAGE, {"hw:cpu_max_sockets": "2"}, "hw_cpu_sockets"),
        ({**IMAGE, "hw_cpu_max_cores": "1"}, {"hw:cpu_max_cores": "8"}, "hw_cpu_cores"),
        (IMAGE, {"hw:cpu_threads": "2"}, "hw:cpu_threads"),
        (IMAGE, {"vcpus": "2"}, "hw_cpu_sockets"),
    ],
)
def test_nova_would_refuse_or_pass_over_it(
    properties: Mapping[str, str], flavor: Mapping[str, str], name: str
) -> None:
    assert [conflict.name for conflict in nova_conflicts(properties, flavor)] == [name]


@pytest.mark.parametrize(
    "flavor", [{}, {"vcpus": "8"}, {"vcpus": "16"}, {"hw:cpu_max_sockets": "4"}]
)
def test_nova_has_no_objection_to_a_flavor_that_fits(flavor: Mapping[str, str]) -> None:
    assert nova_conflicts(IMAGE, flavor) == []


def test_what_is_asked_for_is_claimed_and_the_flavor_must_have_room_for_it() -> None:
    parameters = CpuTopologyParameters(sockets=2, cores=2, threads=2)
    claimed = {claim.property: claim.value for claim in cpu_topology.claims(parameters)}
    assert claimed == {"hw_cpu_sockets": "2", "hw_cpu_cores": "2", "hw_cpu_threads": "2"}
    assert flavor_of(cpu_topology.needs(parameters), NEWEST) == {"vcpus": "8"}


def test_what_is_left_out_is_left_to_nova() -> None:
    parameters = CpuTopologyParameters(sockets=1)
    assert [claim.property for claim in cpu_topology.claims(parameters)] == ["hw_cpu_sockets"]
    assert flavor_of(cpu_topology.needs(parameters), NEWEST) == {}


@pytest.mark.parametrize("given", [{"sockets": 0}, {"cores": -1}, {"sockets": 16, "threads": 16}])
def test_a_topology_that_no_machine_has_is_refused(given: Mapping[str, int]) -> None:
    with pytest.raises(ValidationError):
        CpuTopologyParameters.model_validate(given)


EIGHT = Machine(vcpus=8, topology=Topology(2, 2, 2))


def listed(*rows: tuple[int, int]) -> str:
    return "".join(f"{socket},{core},{cpu}\n" for cpu, (socket, core) in enumerate(rows))


def guests() -> Iterator[Case]:
    probe = cpu_topology.arrangement_is_seen
    yield right_guest(
        probe,
        FakeGuest(
            {"lscpu": listed((0, 0), (0, 0), (0, 1), (0, 1), (1, 2), (1, 2), (1, 3), (1, 3))},
            machine=EIGHT,
        ),
        "the guest sees 2 sockets × 2 cores × 2 threads",
    )
    yield right_guest(  # without a topology every vCPU is a socket
        probe,
        FakeGuest({"lscpu": listed((0, 0), (1, 1))}, machine=Machine(vcpus=2)),
        "the guest sees 2 sockets × 1 core × 1 thread",
    )
    for rows, cause in {
        listed(*((cpu // 4, cpu) for cpu in range(8))): (
            "sees 8 vCPUs as 2 sockets × 4 cores × 1 thread; its hardware has 2 sockets × 2 cores"
        ),
        listed((0, 0), (0, 0), (1, 1)): "unevenly",
        listed((0, 0)): "sees 1 vCPUs as 1 socket",
    }.items():
        yield wrong_guest(probe, FakeGuest({"lscpu": rows}, machine=EIGHT), cause)


@pytest.mark.parametrize("case", [*guests()], ids=str)
def test_a_probe_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()


def test_other_parameters_are_unknown() -> None:
    given: Any = {"dies": 2}
    with pytest.raises(ValidationError):
        CpuTopologyParameters(**given)
