"""Page sizes, locked and encrypted memory, and NUMA nodes that Nova refuses or passes over."""

import pytest
from nova_verdicts import Case, tells_apart, verdict

ANY = {"hw:mem_page_size": "any"}
Q35 = {"hw_firmware_type": "uefi", "hw_machine_type": "q35"}
SEV = {**Q35, "hw_mem_encryption": "yes"}
SNP = {**SEV, "hw_mem_encryption_model": "amd-sev-snp", "hw_firmware_stateless": "yes"}
TDX = {**SNP, "hw_mem_encryption_model": "intel-tdx", "hw_video_model": "none"}
NODES = {
    "hw_numa_nodes": "2", "hw_numa_cpus.0": "0", "hw_numa_cpus.1": "1-2",
    "hw_numa_mem.0": "512", "hw_numa_mem.1": "1024",
}  # fmt: skip
THREE = {"vcpus": "3", "ram": "1536"}


def without(values: dict[str, str], name: str) -> dict[str, str]:
    return {other: value for other, value in values.items() if other != name}


CASES = [
    Case(
        image={"hw_mem_page_size": "large"}, says="hw_mem_page_size MemoryPageSizeForbidden",
        right_image={"hw_mem_page_size": "large"}, right_flavor=ANY,
    ),
    Case(
        image={"hw_mem_page_size": "2048"}, flavor={"hw:mem_page_size": "2048"},
        says="hw_mem_page_size MemoryPageSizeForbidden",
        right_image={"hw_mem_page_size": "2048"}, right_flavor={"hw:mem_page_size": "large"},
    ),
    Case(
        image={"hw_locked_memory": "yes"}, says="hw_locked_memory LockMemoryForbidden",
        right_image={"hw_locked_memory": "yes"}, right_flavor=ANY,
    ),
    Case(
        image={"hw_locked_memory": "yes"}, flavor={**ANY, "hw:locked_memory": "no"},
        says="hw_locked_memory FlavorImageLockedMemoryConflict",
        right_image={"hw_locked_memory": "yes"}, right_flavor={**ANY, "hw:locked_memory": "1"},
    ),
    Case(
        image=SEV, flavor={"hw:mem_encryption": "no"},
        says="hw_mem_encryption FlavorImageConflict",
        right_image=SEV, right_flavor={"hw:mem_encryption": "yes"},
    ),
    Case(
        image=without(SEV, "hw_firmware_type"), says="hw_mem_encryption FlavorImageConflict",
        right_image=SEV,
    ),
    Case(
        image=without(SEV, "hw_machine_type"), says="hw_mem_encryption InvalidMachineType",
        right_image={**SEV, "hw_machine_type": "pc-q35-8.2"},
    ),
    Case(
        image={"hw_firmware_type": "uefi"}, flavor={"hw:mem_encryption": "yes"},
        says="hw:mem_encryption InvalidMachineType",
        right_image=Q35, right_flavor={"hw:mem_encryption": "yes"},
    ),
    Case(
        image=without(SNP, "hw_firmware_stateless"),
        says="hw_mem_encryption StatelessFirmwareRequired", right_image=SNP,
    ),
    Case(
        image=without(TDX, "hw_video_model"), says="hw_mem_encryption InvalidVideoMode",
        right_image=TDX,
    ),
    Case(
        image=SNP, flavor={"hw:mem_encryption_model": "amd-sev"},
        says="hw_mem_encryption_model FlavorImageConflict",
        right_image=SNP, right_flavor={"hw:mem_encryption_model": "amd-sev-snp"},
    ),
    Case(
        image={"hw_mem_encryption_model": "amd-sev"}, says="hw_mem_encryption_model",
        right_image={**SEV, "hw_mem_encryption_model": "amd-sev"},
    ),
    Case(
        image={"hw_maxphysaddr_mode": "emulate"}, flavor={"hw:maxphysaddr_mode": "passthrough"},
        says="hw_maxphysaddr_mode FlavorImageConflict",
        right_image={"hw_maxphysaddr_mode": "emulate"},
        right_flavor={"hw:maxphysaddr_mode": "emulate"},
    ),
    Case(
        image={"hw_maxphysaddr_bits": "42"}, says="hw_maxphysaddr_bits",
        right_image={"hw_maxphysaddr_bits": "42", "hw_maxphysaddr_mode": "emulate"},
    ),
    Case(
        image={"hw_maxphysaddr_bits": "42"},
        flavor={"hw:maxphysaddr_mode": "emulate", "hw:maxphysaddr_bits": "40"},
        says="hw_maxphysaddr_bits",
        right_image={"hw_maxphysaddr_bits": "40"},
        right_flavor={"hw:maxphysaddr_mode": "emulate", "hw:maxphysaddr_bits": "40"},
    ),
    Case(
        image={"hw_numa_nodes": "2"}, flavor={"hw:numa_nodes": "2"},
        says="hw_numa_nodes ImageNUMATopologyForbidden", right_flavor={"hw:numa_nodes": "2"},
    ),
    Case(
        image={"hw_numa_nodes": "2"}, flavor={"vcpus": "3"},
        says="hw_numa_nodes ImageNUMATopologyAsymmetric",
        right_image={"hw_numa_nodes": "2"}, right_flavor={"vcpus": "4", "ram": "1024"},
    ),
    Case(
        flavor={"hw:numa_nodes": "3", "vcpus": "3", "ram": "1024"},
        says="hw:numa_nodes ImageNUMATopologyAsymmetric",
        right_flavor={"hw:numa_nodes": "3", **THREE},
    ),
    Case(
        image=without(NODES, "hw_numa_mem.1"), flavor=THREE,
        says="hw_numa_cpus.0 ImageNUMATopologyIncomplete", right_image=NODES, right_flavor=THREE,
    ),
    Case(
        image=NODES, flavor={**THREE, "ram": "2048"},
        says="hw_numa_mem.0 ImageNUMATopologyMemoryOutOfRange",
        right_image={**NODES, "hw_numa_mem.1": "1536"}, right_flavor={**THREE, "ram": "2048"},
    ),
    Case(
        image={**NODES, "hw_numa_cpus.1": "1-3"}, flavor=THREE,
        says="hw_numa_cpus.0 ImageNUMATopologyCPUOutOfRange",
        right_image={**NODES, "hw_numa_cpus.1": "1-3"}, right_flavor={**THREE, "vcpus": "4"},
    ),
    Case(
        image={**NODES, "hw_numa_cpus.1": "0-2"}, flavor=THREE,
        says="hw_numa_cpus.0 ImageNUMATopologyCPUDuplicates",
        right_image={**NODES, "hw_numa_cpus.1": "1,2"}, right_flavor=THREE,
    ),
    Case(
        image=NODES, flavor={**THREE, "vcpus": "4"},
        says="hw_numa_cpus.0 ImageNUMATopologyCPUsUnassigned",
        right_image=NODES, right_flavor=THREE,
    ),
    Case(
        image={"hw_numa_cpus.0": "0"}, says="hw_numa_cpus.0", right_image=NODES,
    ),
    Case(
        image={"hw_pci_numa_affinity_policy": "socket"},
        flavor={"hw:pci_numa_affinity_policy": "required"},
        says="hw_pci_numa_affinity_policy ImagePCINUMAPolicyForbidden",
        right_image={"hw_pci_numa_affinity_policy": "socket"},
        right_flavor={"hw:pci_numa_affinity_policy": "socket"},
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_a_wrong_request_is_told_from_a_right_one(case: Case) -> None:
    assert tells_apart(case)


def test_nodes_may_be_said_by_image_or_flavor_but_not_by_both() -> None:
    of_flavor = {
        name.replace("hw_", "hw:", 1): value for name, value in NODES.items() if "." in name
    }
    assert verdict({"hw_numa_nodes": "2"}, {**of_flavor, **THREE}) == []
    assert verdict(NODES, {**of_flavor, **THREE}) == [
        "hw_numa_cpus.0 ImageNUMATopologyForbidden",
        "hw_numa_mem.0 ImageNUMATopologyForbidden",
    ]


def test_a_set_of_cpus_that_is_none_is_refused_of_a_flavor() -> None:
    flavor = {"hw:numa_nodes": "1", "hw:numa_cpus.0": "3-1", "hw:numa_mem.0": "1024"}
    assert "hw:numa_cpus.0 Invalid" in verdict({}, flavor)
    assert verdict({}, {**flavor, "hw:numa_cpus.0": "1-3"}) == []


@pytest.mark.parametrize("flavor", [{"hw:pmem": "SMALL"}, {"hw:cpu_policy": "dedicated"}, ANY])
def test_nodes_come_of_other_things_too(flavor: dict[str, str]) -> None:
    image = {"hw_numa_cpus.0": "0-2", "hw_numa_mem.0": "1536"}
    assert verdict(image, {**flavor, **THREE}) == []
    assert verdict(image, {"hw:pmem": " ,"}) == ["hw_numa_cpus.0", "hw_numa_mem.0"]
