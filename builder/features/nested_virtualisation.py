"""The guest runs virtual machines of its own.

Test beds, CI runners and sandboxes start virtual machines inside a virtual machine. That takes a
host that passes its processor's virtualisation on, which a trait can ask Placement for, and a guest
whose kvm module is there, is loaded, and lets its own guests nest in turn. A ``/dev/kvm`` that can
be opened is no proof: only a machine that has run in it is.
"""

import inspect
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from builder.feature import (
    CheckFailed,
    CheckSkipped,
    Claim,
    ConfigOption,
    Consequence,
    Feature,
    Filesystem,
    Guest,
    Inspection,
    Machine,
    ModuleOption,
    Need,
    Parameters,
    Probe,
    inspection,
    probe,
)
from builder.feature.needs import NOVA_DOCS
from builder.linux import kernels, loadable, modprobe, tiny_vm
from builder.linux.live import output

Extension = Literal["vmx", "svm"]
AnyCheck = Inspection[Any] | Probe[Any]  # Any: as a claim's proof has it


class NestedVirtualisationParameters(Parameters):
    """Which processors the guest needs."""

    processor: Extension | None = Field(
        default=None,
        description="Have Nova choose a host with this extension of its processors, Intel's 'vmx'"
        " or AMD's 'svm'; without it the guest takes either.",
    )


VENDORS = {"kvm_intel": "vmx", "kvm_amd": "svm"}
"""Linux' modules for KVM on either vendor's processors, and the flag in /proc/cpuinfo."""

MODULES = ("kvm", *VENDORS)
TRUE = ("1", "y", "Y")
"""What the kernel takes for a boolean parameter that is on."""


@inspection("every kernel has KVM for Intel's and AMD's processors")
def kernels_have_kvm(disk: Filesystem, _: NestedVirtualisationParameters) -> str:
    """A kernel made for small guests may be built without it."""
    found = kernels.require_every(disk)
    for kernel in found:
        for module in MODULES:
            if module not in kernel.builtin | kernel.on_disk:
                raise CheckFailed(
                    f"kernel {kernel.release} has no {module}: neither built in nor below "
                    f"{kernels.TREE}/{kernel.release}"
                )
    loadable.require(disk, MODULES)
    return f"{', '.join(MODULES)} are in {kernels.names(found)}"


@inspection("KVM lets the guest's own guests virtualise too")
def nesting_is_on(disk: Filesystem, _: NestedVirtualisationParameters) -> str:
    """Kernels differ in their default, and older ones have it off."""
    return "; ".join(_nesting(disk))


def _nesting(disk: Filesystem) -> Iterator[str]:
    for module in VENDORS:
        set_by = modprobe.option(disk, module, "nested")
        if set_by is None:
            raise CheckFailed(f"no file of modprobe.d sets {module}'s option 'nested'")
        value, path = set_by
        if value not in TRUE:
            raise CheckFailed(f"{path} has nested={value} for {module}, not nested=1")
        yield f"{path} has nested={value} for {module}"


FLAGS = "grep -m1 '^flags' /proc/cpuinfo"
MODULE = "basename -a /sys/module/kvm_* 2>/dev/null || true"
DEVICE = "test -c /dev/kvm && echo yes || echo no"


def on_one_vendors_processor(machine: Machine) -> Machine:
    """Threads are emulated on Intel's processors, SVM is on AMD's: KVM takes no mixture."""
    topology = machine.topology
    if topology is None or topology.threads == 1:
        return machine
    cores = topology.cores * topology.threads
    return replace(machine, topology=replace(topology, cores=cores, threads=1))


@probe("the guest runs a virtual machine of its own", once=True, machine=on_one_vendors_processor)
def runs_a_virtual_machine(guest: Guest, parameters: NestedVirtualisationParameters) -> str:
    """Have the guest's kernel run a few instructions in one, whose answer is known."""
    flags = output(guest, FLAGS).split()
    has = next((flag for flag in VENDORS.values() if flag in flags), None)
    if has is None:
        raise CheckSkipped("this guest's processor has neither vmx nor svm")
    if (parameters.processor, has) == ("svm", "vmx"):
        raise CheckSkipped("this guest's processor has vmx: it says nothing about svm")
    if output(guest, DEVICE) != "yes":
        raise CheckFailed(f"the processor has {has}, but the guest has no /dev/kvm")
    module = next(name for name, flag in VENDORS.items() if flag == has)
    done = guest.run("python3", "-c", inspect.getsource(tiny_vm), timeout=2 * tiny_vm.LIMIT)
    answer = done.stdout.strip()
    if done.status != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise CheckFailed(f"a virtual machine on {module} did not run to its end: {last}")
    if answer != str(sum(tiny_vm.SUMMANDS)):
        raise CheckFailed(f"a virtual machine on {module} answered '{answer}'")
    sum_ = " + ".join(map(str, tiny_vm.SUMMANDS))
    return f"a virtual machine on /dev/kvm ({module}, {has}) found that {sum_} is {answer}"


INSPECTIONS: tuple[Inspection[NestedVirtualisationParameters], ...] = (
    kernels_have_kvm,
    nesting_is_on,
)


def claims(parameters: NestedVirtualisationParameters) -> tuple[Claim, ...]:
    """The trait that the host's processor must have; Placement knows it by its older name too.

    QEMU emulates SVM only, so that a claim of VMX rests on the disk.
    """
    match parameters.processor:
        case None:
            return ()
        case "vmx":
            return (_claim("VMX", "Intel", *INSPECTIONS),)
        case "svm":
            return (_claim("SVM", "AMD", *INSPECTIONS, runs_a_virtual_machine),)


def _claim(extension: str, vendor: str, *proof: AnyCheck) -> Claim:
    return Claim(
        property=f"trait:HW_CPU_X86_{extension}",
        value="required",
        promise=f"the guest has {vendor}'s virtualisation ({extension}), and uses it with KVM",
        proof=proof,
    )


NESTED = f"{NOVA_DOCS}/admin/configuration/hypervisor-kvm.html#nested-guest-support"
CPU_MODES = f"{NOVA_DOCS}/admin/cpu-models.html#host-passthrough"
MAKERS = {"vmx": ("kvm_intel", "Intel"), "svm": ("kvm_amd", "AMD")}


def needs(parameters: NestedVirtualisationParameters) -> tuple[Need, ...]:
    """What lets the processor's virtualisation through to a guest, and what that costs."""
    makers = [parameters.processor] if parameters.processor else list(MAKERS)
    return (
        Need(
            what=ConfigOption("libvirt", "cpu_mode", "host-passthrough"),
            reason="The guest's processor is the host's, with its virtualisation. Nova's default,"
            " host-model, passes it on as well where libvirt's model of the processor has it.",
            source=NESTED,
        ),
        *(
            Need(
                what=ModuleOption(module, "nested", "1"),
                reason="KVM offers the processor's virtualisation to its guests; older kernels have"
                " it off by default. It holds from when the module is loaded: no guest may run.",
                source=NESTED,
                hosts=f"with processors of {maker}'s",
            )
            for module, maker in map(MAKERS.__getitem__, makers)
        ),
        Need(
            what=Consequence(
                "live migration works only between hosts of the same processor, microcode and"
                " kernel"
            ),
            reason="host-passthrough shows the guest everything of its host's processor.",
            source=CPU_MODES,
        ),
        Need(
            what=Consequence(
                "while guests run in it, a guest is neither migrated live nor resumed from suspend"
            ),
            reason="KVM does not carry the inner guests' state over; it fails, or they crash.",
            source=NESTED,
        ),
    )


FEATURE = Feature(
    name="nested-virtualisation",
    summary="the guest runs virtual machines of its own with KVM",
    parameters=NestedVirtualisationParameters,
    elements=("guest-nested-virtualisation",),
    architectures=("x86_64",),
    claims=claims,
    needs=needs,
    inspections=INSPECTIONS,
    probes=(runs_a_virtual_machine,),
)
