"""A virtual machine within a guest: what is claimed of it, and whether it runs."""

import ast
import inspect
from typing import Any

import pytest
from fake_guest import FakeGuest

from builder.feature import CheckFailed, CheckSkipped, Completed
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


@pytest.mark.parametrize("parameters", [EITHER, SVM, VMX])
def test_a_guest_whose_virtual_machine_answers_passes(
    parameters: NestedVirtualisationParameters,
) -> None:
    seen = probe(guest(), parameters)
    assert seen == "a virtual machine on /dev/kvm (kvm_amd, svm) found that 2 + 40 is 42"
    assert "kvm_intel, vmx" in probe(guest("vmx fpu"))


DIED = Completed(1, "", "Traceback …\nOSError: [Errno 22] Invalid argument\n")
STOPPED = Completed(142, "", "")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (guest(device="no"), "the processor has svm, but the guest has no /dev/kvm"),
        (guest(answer="41\n"), "a virtual machine on kvm_amd answered '41'"),
        (guest(answer=DIED), "did not run to its end: OSError: [Errno 22] Invalid argument"),
        (guest(answer=STOPPED), "did not run to its end: it said nothing"),
    ],
)
def test_a_guest_whose_virtual_machine_does_not_run_fails(broken: FakeGuest, reason: str) -> None:
    with pytest.raises(CheckFailed) as failure:
        probe(broken)
    assert reason in str(failure.value)


def test_a_processor_without_virtualisation_shows_nothing() -> None:
    with pytest.raises(CheckSkipped, match="neither vmx nor svm"):
        probe(guest("fpu"))


def test_a_claim_of_svm_is_not_proven_on_a_processor_with_vmx() -> None:
    with pytest.raises(CheckSkipped, match="it says nothing about svm"):
        probe(guest("vmx"), SVM)


def test_a_processor_is_claimed_only_where_it_is_asked_for() -> None:
    def claimed(parameters: NestedVirtualisationParameters) -> dict[str, bool]:
        return {
            one.property: nested_virtualisation.runs_a_virtual_machine in one.proof
            for one in nested_virtualisation.claims(parameters)
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
