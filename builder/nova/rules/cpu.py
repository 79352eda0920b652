"""How vCPUs are placed: policy, threads, real time, emulator threads."""

from collections.abc import Iterator

from builder.nova.cpu_policy import (
    cpu_policy,
    is_pinned,
    realtime_cpus,
    requested_cpus,
    smt_trait,
)
from builder.nova.cpu_set import cpu_mask, is_cpu_set
from builder.nova.request import Request
from builder.nova.rules.rule import (
    Agreement,
    Dependence,
    NovaConflict,
    Precedence,
    Rule,
    ignored,
    refused,
)

_LEAVE_POLICY = "Leave the policy to the flavor."
_ASK_PINNED = "Ask for hw:cpu_policy=dedicated as well."


def _policies(request: Request) -> Iterator[NovaConflict]:
    """``get_cpu_policy_constraint``: an image may ask for less than its flavor gives, not more."""
    of_flavor, of_image = request.flavor("hw:cpu_policy"), request.image("hw_cpu_policy")
    if of_flavor is None or of_image in (None, of_flavor):
        return
    if of_flavor == "shared" or (of_flavor == "mixed" and of_image == "dedicated"):
        with_what = "shares CPUs" if of_flavor == "shared" else "has mixed CPUs"
        yield refused(
            "hw_cpu_policy",
            f"with a flavor that {with_what} Nova refuses it",
            _LEAVE_POLICY,
            "ImageCPUPinningForbidden",
        )
    else:
        yield ignored(
            "hw_cpu_policy", f"the flavor's hw:cpu_policy={of_flavor} beats it", _LEAVE_POLICY
        )


def _policy_and_resources(request: Request) -> Iterator[NovaConflict]:
    """A policy and resources say the same in two ways, of which Nova wants one."""
    shared = requested_cpus(request.extra_specs, "VCPU")
    dedicated = requested_cpus(request.extra_specs, "PCPU")
    policy = next(
        (name for name in ("hw_cpu_policy", "hw:cpu_policy") if request.value(name)), None
    )
    if policy and (shared or dedicated):
        yield refused(
            policy,
            "Nova refuses it beside resources:VCPU or resources:PCPU of the flavor",
            "Say it in one of the two ways.",
            "InvalidRequest",
        )
    for name in dedicated if shared else ():
        yield refused(
            name,
            "Nova refuses it beside resources:VCPU",
            "Ask for one of the two.",
            "InvalidRequest",
        )
    vcpus = request.flavor_vcpus
    isolated = request.flavor("hw:emulator_threads_policy") == "isolate"
    if dedicated and vcpus and sum(dedicated.values()) != vcpus + isolated:
        yield refused(
            next(iter(dedicated)),
            f"Nova refuses another number than {vcpus + isolated}: the flavor's vCPUs"
            f"{', and one for the emulator' if isolated else ''}",
            f"Ask for {vcpus + isolated}.",
            "InvalidRequest",
        )


def _thread_policies(request: Request) -> Iterator[NovaConflict]:
    """``get_cpu_thread_policy_constraint``."""
    of_flavor = request.flavor("hw:cpu_thread_policy")
    of_image = request.image("hw_cpu_thread_policy")
    if of_flavor is None or of_image in (None, of_flavor):
        return
    if of_flavor == "prefer":
        yield from Precedence("hw:cpu_thread_policy", "hw_cpu_thread_policy")(request)
    else:
        yield refused(
            "hw_cpu_thread_policy",
            f"it contradicts the flavor's hw:cpu_thread_policy={of_flavor}",
            "Give both the same value.",
            "ImageCPUThreadPolicyForbidden",
        )


def _threads_without_dedicated(request: Request) -> Iterator[NovaConflict]:
    """The trait of hosts with SMT is a thread policy in other words."""
    if is_pinned(request):
        return
    names = [
        name
        for name in ("hw:cpu_thread_policy", "hw_cpu_thread_policy")
        if request.value(name) is not None
    ]
    trait = smt_trait(request)
    if trait is not None and trait[1] in ("required", "forbidden"):
        names.append(trait[0])
    for name in names:
        yield refused(
            name,
            "without dedicated CPUs Nova refuses a thread policy",
            _ASK_PINNED,
            "CPUThreadPolicyConfigurationInvalid",
        )


def _threads_in_two_ways(request: Request) -> Iterator[NovaConflict]:
    trait = smt_trait(request)
    if trait is not None and request.either("hw:cpu_thread_policy"):
        yield refused(
            trait[0],
            "Nova refuses it beside a thread policy, which says the same",
            "Say it in one of the two ways.",
            "InvalidRequest",
        )


def _emulator_without_dedicated(request: Request) -> Iterator[NovaConflict]:
    if request.flavor("hw:emulator_threads_policy") == "isolate" and not is_pinned(request):
        yield refused(
            "hw:emulator_threads_policy",
            "without dedicated CPUs Nova gives the emulator none of its own",
            _ASK_PINNED,
            "BadRequirementEmulatorThreadsPolicy",
        )


def _realtime(request: Request) -> Iterator[NovaConflict]:
    """``get_realtime_cpu_constraint``: some vCPU, or a host CPU, must be left for the emulator."""
    if not request.is_on("hw:cpu_realtime"):
        return
    masks = ("hw_cpu_realtime_mask", "hw:cpu_realtime_mask")
    name = next((mask for mask in masks if request.value(mask)), "hw:cpu_realtime")
    if not is_pinned(request):
        yield refused(
            "hw:cpu_realtime",
            "without dedicated CPUs Nova refuses it",
            _ASK_PINNED,
            "RealtimeConfigurationInvalid",
        )
    for reason in _wrong_mask(request):
        yield refused(
            name,
            reason,
            "Name vCPUs of the flavor, and leave at least one out.",
            "RealtimeMaskNotFoundOrInvalid",
        )


def _wrong_mask(request: Request) -> Iterator[str]:
    of_emulator = request.flavor("hw:emulator_threads_policy") is not None
    vcpus = request.flavor_vcpus
    if vcpus is None:
        if not (request.either("hw:cpu_realtime_mask") or of_emulator):
            yield "without a mask no vCPU is left for the emulator"
        return
    realtime, all_vcpus = realtime_cpus(request), frozenset(range(vcpus))
    if realtime is None:
        return
    if realtime == all_vcpus and not of_emulator:
        yield "it leaves no vCPU for the emulator"
    elif not realtime:
        yield "it leaves no vCPU for real time"
    elif not realtime <= all_vcpus:
        yield f"the flavor has {vcpus} vCPUs only"


def _not_a_set(request: Request) -> Iterator[NovaConflict]:
    """``parse_cpu_spec`` of the masks that are read; the API lets ``3-1`` through."""
    names = ["hw:cpu_dedicated_mask"]
    if request.is_on("hw:cpu_realtime") and request.image("hw_cpu_realtime_mask") is None:
        names.append("hw:cpu_realtime_mask")
    for name in names:
        value = request.flavor(name)
        if value is not None and not is_cpu_set(value):
            yield refused(
                name, "it is not a set of CPUs", "Name vCPUs, as in 1-3 or ^0.", "Invalid"
            )


def _dedicated_mask(request: Request) -> Iterator[NovaConflict]:
    """``get_dedicated_cpu_constraint``, and what a policy makes of it."""
    mask, vcpus = request.flavor("hw:cpu_dedicated_mask"), request.flavor_vcpus
    name = "hw:cpu_dedicated_mask"
    if mask and vcpus:
        dedicated, all_vcpus = cpu_mask(mask, vcpus), frozenset(range(vcpus))
        if dedicated is not None and not (dedicated and dedicated < all_vcpus):
            yield refused(
                name,
                f"of {vcpus} vCPUs it must name some, and not all",
                "Name others.",
                "InvalidMixedInstanceDedicatedMask",
            )
    if mask and cpu_policy(request) != "mixed":
        yield refused(
            name,
            "without hw:cpu_policy=mixed Nova refuses it",
            "Ask for hw:cpu_policy=mixed as well.",
            "RequiredMixedInstancePolicy",
        )


def _mixed_without_mask(request: Request) -> Iterator[NovaConflict]:
    if cpu_policy(request) != "mixed":
        return
    mask = request.flavor("hw:cpu_dedicated_mask") is not None
    if mask == request.is_on("hw:cpu_realtime"):
        of_image = request.flavor("hw:cpu_policy") is None
        yield refused(
            "hw_cpu_policy" if of_image else "hw:cpu_policy",
            "which of mixed CPUs are dedicated must be said once: by the flavor's"
            " hw:cpu_dedicated_mask, or by hw:cpu_realtime",
            "Give the flavor hw:cpu_dedicated_mask.",
            "RequiredMixedOrRealtimeCPUMask",
        )


CPU: tuple[Rule, ...] = (
    _policies,
    _policy_and_resources,
    _thread_policies,
    _threads_without_dedicated,
    _threads_in_two_ways,
    _emulator_without_dedicated,
    _realtime,
    Precedence("hw_cpu_realtime_mask", "hw:cpu_realtime_mask"),
    Dependence(
        "hw_cpu_realtime_mask",
        lambda request: request.is_on("hw:cpu_realtime"),
        "without hw:cpu_realtime in the flavor no vCPU runs in real time",
        "Ask for hw:cpu_realtime=yes in the flavor.",
    ),
    _not_a_set,
    _dedicated_mask,
    _mixed_without_mask,
    Agreement("hw:pmu"),
)
