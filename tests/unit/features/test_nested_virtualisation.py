"""A virtual machine within a guest: what is claimed of it, and whether it runs."""

import ast
import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from check_cases import Case, broken_disk, good_disks, right_guest, wrong_guest
from fake_guest import FakeGuest
from good_disk import NESTING, NO_KERNEL, OTHER, second_kernel

from builder.feature import CheckSkipped, Completed
from builder.features import nested_virtualisation
from builder.features.nested_virtualisation import NestedVirtualisationParameters
from builder.linux import tiny_vm

EITHER = NestedVirtualisationParameters()
SVM = NestedVirtualisationParameters(processor="svm")
VMX = NestedVirtualisationParameters(processor="vmx")


def guest(flags: str = "fpu svm", device: str = "yes", answer: Any = "42\n") -> FakeGuest:
    return FakeGuest({"/proc/cpuinfo": f"flags\t: {flags}\n", "test -c": device, "KVM": answer})


def probe(guest: FakeGuest, parameters: NestedVirtualisationParameters = EITHER) -> str:
    return nested_virtualisation.runs_a_virtual_machine.function(guest, parameters)


def disks() -> Iterator[Case]:
    yield from good_disks(nested_virtualisation.FEATURE.inspections)
    check = nested_virtualisation.kernels_have_kvm
    yield broken_disk(check, "no kernel", NO_KERNEL, "no kernel is installed")
    yield broken_disk(
        check,
        "a kernel without AMD's",
        second_kernel(OTHER, dep="kernel/kvm.ko:\nkernel/kvm-intel.ko:\n"),
        f"kernel {OTHER} has no kvm_amd: neither built in nor below /lib/modules/{OTHER}",
    )
    check = nested_virtualisation.nesting_is_on
    yield broken_disk(
        check, "no file", {NESTING: None}, "no file of modprobe.d sets kvm_intel's option"
    )
    yield broken_disk(
        check,
        "another vendor's only",
        {NESTING: "options kvm_intel nested=Y\n"},
        "no file of modprobe.d sets kvm_amd's option",
    )
    yield broken_disk(
        check,
        "a later file has it off",
        {"/usr/lib/modprobe.d/zz.conf": "options kvm_amd \\\n  nested=0\n"},
        "/usr/lib/modprobe.d/zz.conf has nested=0 for kvm_amd",
    )


def guests() -> Iterator[Case]:
    probe = nested_virtualisation.runs_a_virtual_machine
    seen = "a virtual machine on /dev/kvm (kvm_amd, svm) found that 2 + 40 is 42"
    yield right_guest(probe, guest(), seen)
    yield right_guest(probe, guest(), seen, processor="svm")
    yield right_guest(probe, guest(), seen, processor="vmx")
    yield right_guest(probe, guest("vmx fpu"), "kvm_intel, vmx")
    no_device = "the processor has svm, but the guest has no /dev/kvm"
    yield wrong_guest(probe, guest(device="no"), no_device)
    yield wrong_guest(probe, guest(answer="41\n"), "a virtual machine on kvm_amd answered '41'")
    died = Completed(1, "", "Traceback …\nOSError: [Errno 22] Invalid argument\n")
    cause = "did not run to its end: OSError: [Errno 22] Invalid argument"
    yield wrong_guest(probe, guest(answer=died), cause)
    stopped = Completed(142, "", "")
    yield wrong_guest(probe, guest(answer=stopped), "did not run to its end: it said nothing")


@pytest.mark.parametrize("case", [*disks(), *guests()], ids=str)
def test_a_check_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()


def test_a_processor_without_virtualisation_shows_nothing() -> None:
    with pytest.raises(CheckSkipped, match="neither vmx nor svm"):
        probe(guest("fpu"))


def test_a_claim_of_svm_is_not_proven_on_a_processor_with_vmx() -> None:
    with pytest.raises(CheckSkipped, match="it says nothing about svm"):
        probe(guest("vmx"), SVM)


def test_a_processor_is_claimed_only_where_it_is_asked_for() -> None:
    def claimed(parameters: NestedVirtualisationParameters) -> dict[str, bool]:
        return {
            claim.property: nested_virtualisation.runs_a_virtual_machine in claim.proof
            for claim in nested_virtualisation.claims(parameters)
        }

    assert claimed(EITHER) == {}
    assert claimed(SVM) == {"trait:HW_CPU_X86_SVM": True}
    assert claimed(VMX) == {"trait:HW_CPU_X86_VMX": False}


def test_the_script_runs_under_the_pythons_of_old_distributions() -> None:
    """Its source is sent to the guest as it stands."""
    ast.parse(inspect.getsource(tiny_vm), feature_version=(3, 6))


def test_the_requests_have_their_structures_sizes() -> None:
    """The kernel refuses a request whose number tells another size."""
    sizes = {
        tiny_vm.SET_USER_MEMORY_REGION: 32,
        tiny_vm.SET_REGS: 8 * tiny_vm.REGISTERS,
        tiny_vm.GET_SREGS: tiny_vm.SREGS_SIZE,
        tiny_vm.SET_SREGS: tiny_vm.SREGS_SIZE,
    }
    assert {request: request >> 16 & 0x3FFF for request in sizes} == sizes
