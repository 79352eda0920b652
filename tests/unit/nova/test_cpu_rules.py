"""Policies, threads, real time and topologies that Nova refuses or passes over."""

import pytest
from nova_verdicts import Case, tells_apart, verdict

DEDICATED = {"hw:cpu_policy": "dedicated"}
MIXED = {"hw:cpu_policy": "mixed", "hw:cpu_dedicated_mask": "1"}
REALTIME = {**DEDICATED, "hw:cpu_realtime": "yes", "vcpus": "4"}
SMT = "trait:HW_CPU_HYPERTHREADING"

CASES = [
    Case(
        image={"hw_cpu_policy": "dedicated"}, flavor={"hw:cpu_policy": "shared"},
        says="hw_cpu_policy ImageCPUPinningForbidden",
        right_image={"hw_cpu_policy": "shared"}, right_flavor={"hw:cpu_policy": "shared"},
    ),
    Case(
        image={"hw_cpu_policy": "mixed"}, flavor={"hw:cpu_policy": "shared"},
        says="hw_cpu_policy ImageCPUPinningForbidden",
        right_image={"hw_cpu_policy": "mixed"}, right_flavor=MIXED,
    ),
    Case(
        image={"hw_cpu_policy": "dedicated"}, flavor=MIXED,
        says="hw_cpu_policy ImageCPUPinningForbidden",
        right_image={"hw_cpu_policy": "dedicated"}, right_flavor=DEDICATED,
    ),
    Case(
        image={"hw_cpu_policy": "mixed"}, flavor=DEDICATED, says="hw_cpu_policy",
        right_flavor=DEDICATED,
    ),
    Case(
        image={"hw_cpu_policy": "mixed"},
        says="hw_cpu_policy RequiredMixedOrRealtimeCPUMask",
        right_image={"hw_cpu_policy": "mixed"}, right_flavor={"hw:cpu_dedicated_mask": "1"},
    ),
    Case(
        flavor={**MIXED, "hw:cpu_realtime": "yes", "hw:cpu_realtime_mask": "1"},
        says="hw:cpu_policy RequiredMixedOrRealtimeCPUMask",
        right_flavor={
            "hw:cpu_policy": "mixed", "hw:cpu_realtime": "yes", "hw:cpu_realtime_mask": "1"
        },
    ),
    Case(
        flavor={**DEDICATED, "resources:PCPU": "2"}, says="hw:cpu_policy InvalidRequest",
        right_flavor={"resources:PCPU": "2", "vcpus": "2"},
    ),
    Case(
        flavor={"resources:VCPU": "2", "resources:PCPU": "2"},
        says="resources:PCPU InvalidRequest", right_flavor={"resources:VCPU": "2"},
    ),
    Case(
        flavor={"resources1:PCPU": "2", "vcpus": "2", "hw:emulator_threads_policy": "isolate"},
        says="resources1:PCPU InvalidRequest",
        right_flavor={
            "resources1:PCPU": "3", "vcpus": "2", "hw:emulator_threads_policy": "isolate"
        },
    ),
    Case(
        image={"hw_cpu_thread_policy": "require"},
        flavor={**DEDICATED, "hw:cpu_thread_policy": "isolate"},
        says="hw_cpu_thread_policy ImageCPUThreadPolicyForbidden",
        right_image={"hw_cpu_thread_policy": "isolate"},
        right_flavor={**DEDICATED, "hw:cpu_thread_policy": "isolate"},
    ),
    Case(
        image={"hw_cpu_thread_policy": "require"},
        flavor={**DEDICATED, "hw:cpu_thread_policy": "prefer"},
        says="hw_cpu_thread_policy",
        right_image={"hw_cpu_thread_policy": "require"}, right_flavor=DEDICATED,
    ),
    Case(
        image={SMT: "required"}, says=f"{SMT} CPUThreadPolicyConfigurationInvalid",
        right_image={SMT: "required"}, right_flavor=DEDICATED,
    ),
    Case(
        image={SMT: "required"}, flavor={**DEDICATED, "hw:cpu_thread_policy": "require"},
        says=f"{SMT} InvalidRequest",
        right_flavor={**DEDICATED, "trait1:HW_CPU_HYPERTHREADING": "forbidden"},
    ),
    Case(
        flavor={"hw:emulator_threads_policy": "isolate"},
        says="hw:emulator_threads_policy BadRequirementEmulatorThreadsPolicy",
        right_flavor={**DEDICATED, "hw:emulator_threads_policy": "isolate"},
    ),
    Case(
        flavor={"hw:cpu_realtime": "yes", "hw:cpu_realtime_mask": "^0", "vcpus": "4"},
        says="hw:cpu_realtime RealtimeConfigurationInvalid",
        right_flavor={**REALTIME, "hw:cpu_realtime_mask": "^0"},
    ),
    Case(
        flavor=REALTIME, says="hw:cpu_realtime RealtimeMaskNotFoundOrInvalid",
        right_flavor={**REALTIME, "hw:emulator_threads_policy": "share"},
    ),
    Case(
        flavor={**DEDICATED, "hw:cpu_realtime": "yes"},
        says="hw:cpu_realtime RealtimeMaskNotFoundOrInvalid",
        right_flavor={**DEDICATED, "hw:cpu_realtime": "yes", "hw:cpu_realtime_mask": "^0"},
    ),
    Case(
        image={"hw_cpu_realtime_mask": "2-5"}, flavor=REALTIME,
        says="hw_cpu_realtime_mask RealtimeMaskNotFoundOrInvalid",
        right_image={"hw_cpu_realtime_mask": "2-3"}, right_flavor=REALTIME,
    ),
    Case(
        image={"hw_cpu_realtime_mask": "^0-3"}, flavor=REALTIME,
        says="hw_cpu_realtime_mask RealtimeMaskNotFoundOrInvalid",
        right_image={"hw_cpu_realtime_mask": "^0-2"}, right_flavor=REALTIME,
    ),
    Case(
        image={"hw_cpu_realtime_mask": "^0"}, says="hw_cpu_realtime_mask",
        right_image={"hw_cpu_realtime_mask": "^0"}, right_flavor=REALTIME,
    ),
    Case(
        image={"hw_cpu_realtime_mask": "^0"},
        flavor={**REALTIME, "hw:cpu_realtime_mask": "^1"}, says="hw:cpu_realtime_mask",
        right_image={"hw_cpu_realtime_mask": "^0"},
        right_flavor={**REALTIME, "hw:cpu_realtime_mask": "^0"},
    ),
    Case(
        flavor={**REALTIME, "hw:cpu_realtime_mask": "3-1"}, says="hw:cpu_realtime_mask Invalid",
        right_flavor={**REALTIME, "hw:cpu_realtime_mask": "1-3"},
    ),
    Case(
        flavor={**MIXED, "hw:cpu_dedicated_mask": "0-1", "vcpus": "2"},
        says="hw:cpu_dedicated_mask InvalidMixedInstanceDedicatedMask",
        right_flavor={**MIXED, "hw:cpu_dedicated_mask": "^0", "vcpus": "2"},
    ),
    Case(
        flavor={**DEDICATED, "hw:cpu_dedicated_mask": "0"},
        says="hw:cpu_dedicated_mask RequiredMixedInstancePolicy", right_flavor=MIXED,
    ),
    Case(
        image={"hw_pmu": "no"}, flavor={"hw:pmu": "true"}, says="hw_pmu FlavorImageConflict",
        right_image={"hw_pmu": "yes"}, right_flavor={"hw:pmu": "true"},
    ),
    Case(
        image={"hw_cpu_max_cores": "4"}, flavor={"hw:cpu_max_cores": "2"},
        says="hw_cpu_max_cores ImageVCPULimitsRangeExceeded",
        right_image={"hw_cpu_max_cores": "2"}, right_flavor={"hw:cpu_max_cores": "2"},
    ),
    Case(
        image={"hw_cpu_max_sockets": "1"},
        flavor={"hw:cpu_max_cores": "1", "hw:cpu_max_threads": "1", "vcpus": "2"},
        says="hw_cpu_max_sockets ImageVCPULimitsRangeImpossible",
        right_image={"hw_cpu_max_sockets": "1"},
        right_flavor={"hw:cpu_max_cores": "2", "hw:cpu_max_threads": "1", "vcpus": "2"},
    ),
    Case(
        image={"hw_cpu_sockets": "3", "hw_cpu_max_threads": "1"}, flavor={"vcpus": "4"},
        says="hw_cpu_sockets",
        right_image={"hw_cpu_sockets": "2", "hw_cpu_max_threads": "1"}, right_flavor={"vcpus": "4"},
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_a_wrong_request_is_told_from_a_right_one(case: Case) -> None:
    assert tells_apart(case)


def test_what_depends_on_the_number_of_vcpus_is_not_judged_without_it() -> None:
    assert verdict({}, {**DEDICATED, "hw:cpu_realtime": "yes", "hw:cpu_realtime_mask": "9"}) == []
    assert verdict({}, {**MIXED, "hw:cpu_dedicated_mask": "9"}) == []


def test_a_mask_that_is_none_raises_nothing() -> None:
    assert verdict({"hw_cpu_realtime_mask": "all"}, REALTIME) == []  # the vocabulary refuses it
