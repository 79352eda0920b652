"""What lscpu and sysfs say of a compute host becomes its topology, or a clear refusal."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sysfs_hosts import Numbering, blocks, guides_host, interleaved, sysfs, written

from builder.cloud.compute_host import cpu_list
from builder.cloud.compute_host.topology import Core, HostTopology, from_lscpu, from_sysfs
from builder.cloud.compute_host.topology_file import SIZE_LIMIT, read_topology
from builder.errors import InputError

COLUMNS = "-e=CPU,NODE,SOCKET,CORE,ONLINE"


def row(cpu: Any, core: Any, node: Any = 0, online: Any = True) -> dict[str, Any]:  # noqa: FBT002
    return {"cpu": cpu, "node": node, "socket": 0, "core": core, "online": online}


def extended(*rows: object) -> str:
    return json.dumps({"cpus": rows})


def summary(name: str, value: str) -> str:
    threads = {"field": "Thread(s) per core:", "data": "1"}
    return json.dumps({"lscpu": [threads, {"field": name, "data": value}]})


def refused(text: str) -> str:
    with pytest.raises(InputError) as caught:
        from_lscpu(text, "host.json")
    assert "lscpu -J -e=" in caught.value.hint
    return " ".join(caught.value.details)


@given(st.frozensets(st.integers(0, cpu_list.CPUS_LIMIT - 1)))
def test_a_list_of_cpus_is_read_as_it_is_written(cpus: frozenset[int]) -> None:
    assert cpu_list.parsed(cpu_list.listed(cpus)) == cpus


def test_a_list_of_cpus_is_as_short_as_it_can_be() -> None:
    assert cpu_list.listed([3, 0, 1, 2, 8, 10, 11, 3]) == "0-3,8,10-11"


@pytest.mark.parametrize("text", ["a", "1-", "3-1", "-1", "0-8192", "99999999999", "1;2", "٣"])
def test_what_is_no_list_of_cpus_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"reads like|ends before|numbers CPUs"):
        cpu_list.parsed(text)


@pytest.mark.program("lscpu")
@pytest.mark.parametrize("numbering", [blocks, interleaved])
def test_lscpu_and_sysfs_tell_the_same(tmp_path: Path, numbering: Numbering) -> None:
    directory = written(tmp_path, guides_host(numbering))
    told = subprocess.run(
        ["lscpu", "--sysroot", tmp_path, "-J", COLUMNS], capture_output=True, check=True, text=True
    ).stdout
    by_sysfs = read_topology(directory)
    by_lscpu = from_lscpu(told, "-")
    assert by_lscpu.cores == by_sysfs.cores
    assert (len(by_sysfs.cores), by_sysfs.threads, by_sysfs.nodes) == (20, 2, [0, 1])
    assert by_sysfs.memory_mb == {0: 96000, 1: 96000}
    assert by_lscpu.memory_mb == {}


@pytest.mark.program("lscpu")
def test_a_cpu_that_is_offline_is_nobodys(tmp_path: Path) -> None:
    places = {0: (0, 0), 1: (0, 1), 2: (0, 0), 3: (0, 1)}
    directory = written(tmp_path, sysfs(places, {0: 1024}, offline=frozenset({3})))
    told = subprocess.run(
        ["lscpu", "--sysroot", tmp_path, "-J", COLUMNS], capture_output=True, check=True, text=True
    ).stdout
    expected = (Core(0, 0, (0, 2)), Core(0, 0, (1,)))
    for found in (read_topology(directory), from_lscpu(told, "-")):
        assert (found.cores, found.offline) == (expected, frozenset({3}))


@pytest.mark.program("lscpu")
def test_this_machine_can_be_read() -> None:
    told = subprocess.run(["lscpu", "-J", COLUMNS], capture_output=True, check=True, text=True)
    by_sysfs = read_topology(Path("/sys/devices/system"))
    assert from_lscpu(told.stdout, "-").cpus == by_sysfs.cpus
    assert all(by_sysfs.memory_mb.values())


def test_old_lscpu_writes_all_as_text_and_absent_nodes_as_dashes() -> None:
    old = [
        {"cpu": "0", "node": "-", "socket": "0", "core": "0", "online": "yes"},
        {"cpu": "1", "node": "-", "socket": "-", "core": "-", "online": "no"},
    ]
    expected = HostTopology((Core(0, 0, (0,)),), {}, frozenset({1}))
    assert from_lscpu(extended(*old), "-") == expected


def test_the_summary_is_enough_where_cores_have_one_thread() -> None:
    fields = [
        {"field": "CPU(s):", "data": "5", "children": [
            {"field": "On-line CPU(s) list:", "data": "0-3"},
            {"field": "Off-line CPU(s) list:", "data": "4"},
        ]},
        {"field": "Thread(s) per core:", "data": "1"},
        {"field": "NUMA:", "data": None, "children": [
            {"field": "NUMA node0 CPU(s):", "data": "0,2"},
            {"field": "NUMA node1 CPU(s):", "data": "1,3"},
        ]},
    ]  # fmt: skip
    found = from_lscpu(json.dumps({"lscpu": fields}), "-")
    assert found.cores == tuple(
        Core(node, None, (cpu,)) for node, cpu in ((0, 0), (0, 2), (1, 1), (1, 3))
    )
    assert found.offline == {4}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not what lscpu prints"),
        ('{"cpus": []}', "not what lscpu prints"),
        ('{"cpus": ["a"]}', "'a' is not a row of lscpu's"),
        (extended(row(0, 0), row(0, 1)), "CPU 0 is a thread of two cores"),
        (extended(row("x", 0)), "'x' for 'cpu'"),
        (extended(row([], 0)), "a list for 'cpu'"),
        (extended(row(-1, 0)), "-1 for 'cpu'"),
        (extended(row(9000, 0)), "0 to 8191, not 9000"),
        (extended(row(0, None)), "nothing for 'core'"),
        (extended(row(0, 0, online="maybe")), "'maybe' for 'online'"),
        (extended(row(0, 0, online=[])), "a list for 'online'"),
        (extended(row(0, 0, online=False)), "No CPU of it is online"),
        ('{"lscpu": [1]}', "1 is not a field"),
        ('{"lscpu": [{"field": "CPU(s):", "data": "1", "children": 1}]}', "not fields of lscpu's"),
        ('{"lscpu": [{"field": "Prozessoren:", "data": "1"}]}', "the host's language"),
        ('{"lscpu": [{"field": "Thread(s) per core:", "data": "2"}]}', "core has 2 threads"),
        ('{"lscpu": [{"field": "Thread(s) per core:", "data": "1"}]}', "No CPU of it is online"),
        (summary("NUMA node0 CPU(s):", "a"), "'a' is not a list of CPUs"),
    ],
)
def test_what_lscpu_has_not_printed_is_refused_with_the_reason(text: str, reason: str) -> None:
    assert reason in refused(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["-", "0", "yes"]),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["cpu", "node", "socket", "core", "online", "field", "data", "children"]),
        inner,
    ),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["cpus", "lscpu"]), JSON) | JSON)
def test_any_json_is_read_or_refused(value: object) -> None:
    try:
        found = from_lscpu(json.dumps(value), "-")
    except InputError:
        return
    assert found.cpus


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(InputError):
        from_lscpu(text, "-")


PATHS = ("cpu/online", "cpu/cpu0/topology/thread_siblings_list", "node/node0/cpulist",
         "cpu/cpu1/topology/thread_siblings_list", "cpu/cpu0/topology/physical_package_id",
         "node/node0/meminfo", "cpu/present")  # fmt: skip


@given(
    st.dictionaries(st.sampled_from(PATHS), st.text() | st.sampled_from(["0", "0-1", "1", "-1"]))
)
def test_any_sysfs_is_read_or_refused(files: dict[str, str]) -> None:
    try:
        found = from_sysfs(files, "-")
    except InputError:
        return
    assert found.cpus == cpu_list.parsed(files["cpu/online"])


@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.randoms())
def test_every_host_is_read_as_it_is(sockets: int, cores: int, threads: int, random: Any) -> None:
    numbers = list(range(sockets * cores * threads))
    random.shuffle(numbers)
    places = {
        number: (index % sockets, index // sockets % cores) for index, number in enumerate(numbers)
    }
    found = from_sysfs(sysfs(places, dict.fromkeys(range(sockets), 2048)), "-")
    assert found.cpus == set(numbers)
    assert (len(found.cores), found.threads) == (sockets * cores, threads)
    for core in found.cores:
        assert {places[cpu][0] for cpu in core.cpus} == {core.node}


def test_sysfs_that_does_not_fit_together_is_refused(tmp_path: Path) -> None:
    files = guides_host(blocks)
    del files["cpu/cpu7/topology/thread_siblings_list"]
    with pytest.raises(InputError, match="nothing of the threads of CPU 7"):
        read_topology(written(tmp_path, files))


def test_files_that_tar_has_padded_are_read(tmp_path: Path) -> None:
    directory = written(tmp_path, guides_host(blocks))
    for file in directory.rglob("*list"):
        file.write_bytes(file.read_bytes() + bytes(4000))
    assert len(read_topology(directory).cpus) == 40


def test_a_kernel_without_numa_has_one_node(tmp_path: Path) -> None:
    files = {path: text for path, text in guides_host(blocks).items() if "node" not in path}
    assert read_topology(written(tmp_path, files)).nodes == [0]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "host.json"
    with pytest.raises(InputError, match=r"host\.json cannot be read: No such file"):
        read_topology(file)
    file.write_bytes(b"\xff")
    with pytest.raises(InputError, match="not text"):
        read_topology(file)
    file.write_bytes(b" " * (SIZE_LIMIT + 1))
    with pytest.raises(InputError, match="more than 16 MiB"):
        read_topology(file)
    with pytest.raises(InputError, match="cpu/online names no CPU"):
        read_topology(tmp_path)
