"""What pinned vCPUs need of flavor, scheduler and compute host.

Until Stein Nova did not count dedicated CPUs: a host had pinned guests or others, and an aggregate
kept them apart. Since Train Placement counts them (``PCPU``), and both may share a host.
"""

from collections.abc import Iterator
from typing import Literal

from builder.feature import (
    AggregateMetadata,
    ConfigOption,
    Consequence,
    ExtraSpec,
    HostFact,
    KernelArgument,
    Necessity,
    Need,
    NovaRelease,
    ProviderTrait,
    SchedulerFilter,
)
from builder.feature.needs import NOVA_DOCS

ThreadPolicy = Literal["prefer", "isolate", "require"]
EmulatorThreads = Literal["share", "isolate"]

TOPOLOGIES = f"{NOVA_DOCS}/admin/cpu-topologies.html"
PINNING_HOSTS = f"{TOPOLOGIES}#configuring-libvirt-compute-nodes-for-cpu-pinning"
AGGREGATES = f"{NOVA_DOCS}/admin/aggregates.html"
KERNEL = "https://docs.kernel.org/admin-guide/kernel-parameters.html"
NOVA_OPTIONS = f"{NOVA_DOCS}/configuration/config.html"

PINNED = "pinned"
"""The aggregate's key, as Nova's documentation of those releases has it."""


def shared_cpus() -> tuple[Need, ...]:
    """A flavor that says so: an image cannot ask for more."""
    return (
        Need(
            what=ExtraSpec("hw:cpu_policy", "shared"),
            reason="The guest's vCPUs float over the host's CPUs; an image that asks for dedicated"
            " ones is refused.",
            source=TOPOLOGIES,
        ),
    )


def dedicated_cpus(
    threads: ThreadPolicy | None, emulator_threads: EmulatorThreads | None
) -> Iterator[Need]:
    """Everything, the flavor first."""
    yield Need(
        what=ExtraSpec("hw:cpu_policy", "dedicated"),
        reason="Each vCPU is pinned to a host CPU of its own.",
        source=TOPOLOGIES,
    )
    if threads is not None:
        yield from _of_thread_policy(threads)
    if emulator_threads is not None:
        yield from _of_emulator_threads(emulator_threads)
    yield from _of_scheduler()
    yield from _of_compute_service()
    yield from _of_host()


def _of_thread_policy(threads: ThreadPolicy) -> Iterator[Need]:
    reason = {
        "prefer": "The guest gets thread siblings where the host has them; that is the default.",
        "isolate": "No two vCPUs share a core. Since Train Nova looks for a host without SMT, then"
        " for one of the old configuration (vcpu_pin_set) whose siblings it can leave idle.",
        "require": "Every vCPU has a thread sibling: Nova looks for a host with SMT.",
    }[threads]
    yield Need(
        what=ExtraSpec("hw:cpu_thread_policy", threads),
        reason=reason,
        source=TOPOLOGIES,
    )
    if threads == "require":
        yield Need(
            what=ProviderTrait("HW_CPU_HYPERTHREADING", by_nova=True),
            reason="Placement finds no other host for this policy. Nova reports it where the"
            " firmware has SMT switched on.",
            source=TOPOLOGIES,
            since=NovaRelease.TRAIN,
        )
    if threads == "isolate":
        yield Need(
            what=Consequence("a host with SMT and cpu_dedicated_set gets no such guest"),
            reason="Placement forbids HW_CPU_HYPERTHREADING for it: SMT must be off in the"
            " firmware, or by the kernel argument nosmt.",
            source=TOPOLOGIES,
            since=NovaRelease.TRAIN,
        )


def _of_emulator_threads(policy: EmulatorThreads) -> Iterator[Need]:
    reason = {
        "share": "QEMU's own threads run on cpu_shared_set, not on the guest's CPUs; without"
        " cpu_shared_set they do all the same.",
        "isolate": "QEMU's own threads run on one more dedicated CPU, which the guest pays for.",
    }[policy]
    yield Need(
        what=ExtraSpec("hw:emulator_threads_policy", policy),
        reason=reason,
        source=f"{TOPOLOGIES}#customizing-instance-emulator-thread-pinning-policies",
        since=NovaRelease.ROCKY if policy == "share" else None,
    )


def _of_scheduler() -> Iterator[Need]:
    yield Need(
        what=SchedulerFilter("NUMATopologyFilter"),
        reason="A pinned guest is NUMA-aware: without the filter the scheduler sends it to hosts"
        " that have CPUs enough, but not on one node, and the start fails there.",
        source=f"{NOVA_DOCS}/admin/scheduling.html#numatopologyfilter",
    )
    old = NovaRelease.STEIN
    yield Need(
        what=SchedulerFilter("AggregateInstanceExtraSpecsFilter"),
        reason="It compares the flavor's aggregate_instance_extra_specs with the aggregates.",
        source=AGGREGATES,
        until=old,
    )
    yield Need(
        what=AggregateMetadata(PINNED, "true"),
        reason="Other guests would float over CPUs that are pinned, were they on the same host.",
        source=PINNING_HOSTS,
        until=old,
    )
    yield Need(
        what=ExtraSpec(f"aggregate_instance_extra_specs:{PINNED}", "true"),
        reason="It keeps the flavor to the aggregate's hosts; give every other flavor 'false', and"
        " their hosts an aggregate with pinned=false.",
        source=AGGREGATES,
        until=old,
    )


def _of_compute_service() -> Iterator[Need]:
    dedicated, shared = "8-19,28-39", "4-7,24-27"
    yield Need(
        what=ConfigOption(
            "compute", "cpu_dedicated_set", dedicated, per_host=HostFact.DEDICATED_CPUS
        ),
        reason="Placement counts these CPUs as PCPU; without it the host has none to pin to.",
        source=PINNING_HOSTS,
        since=NovaRelease.TRAIN,
    )
    yield Need(
        what=ConfigOption("compute", "cpu_shared_set", shared, per_host=HostFact.SHARED_CPUS),
        reason="Other guests, and emulator threads, keep to these CPUs; without it a host with"
        " cpu_dedicated_set takes no guest with shared CPUs.",
        source=PINNING_HOSTS,
        necessity=Necessity.ADVISED,
        since=NovaRelease.TRAIN,
    )
    yield Need(
        what=ConfigOption("DEFAULT", "vcpu_pin_set", dedicated, per_host=HostFact.DEDICATED_CPUS),
        reason="Guests, pinned or not, keep to these CPUs, and off the host's own.",
        source=PINNING_HOSTS,
        until=NovaRelease.STEIN,
    )
    yield Need(
        what=ConfigOption(
            "DEFAULT", "reserved_host_memory_mb", "4096", per_host=HostFact.HOST_MEMORY
        ),
        reason="Memory that no guest gets: where CPUs are kept for the host, it needs memory"
        " beside them, and Nova's default of 512 MiB is that of a test.",
        source=f"{NOVA_OPTIONS}#DEFAULT.reserved_host_memory_mb",
        necessity=Necessity.ADVISED,
    )


def _of_host() -> Iterator[Need]:
    cpus = "8-19,28-39"
    yield Need(
        what=KernelArgument(
            "isolcpus", cpus, per_host=HostFact.DEDICATED_CPUS, prefix="managed_irq,domain,"
        ),
        reason="The host's own processes and managed interrupts stay off the dedicated CPUs. The"
        " kernel balances no load on them: they are for pinned guests only.",
        source=KERNEL,
        necessity=Necessity.ADVISED,
    )
    yield Need(
        what=KernelArgument("nohz_full", cpus, per_host=HostFact.DEDICATED_CPUS),
        reason="The kernel's tick stops on a CPU that runs a single vCPU.",
        source=KERNEL,
        necessity=Necessity.ADVISED,
    )
    yield Need(
        what=KernelArgument("rcu_nocbs", cpus, per_host=HostFact.DEDICATED_CPUS),
        reason="RCU's callbacks run elsewhere.",
        source=KERNEL,
        necessity=Necessity.ADVISED,
    )
    yield Need(
        what=KernelArgument("irqaffinity", "0-3,20-23", per_host=HostFact.HOST_CPUS),
        reason="Interrupts go to the host's own CPUs, where no driver and no irqbalance decides.",
        source=KERNEL,
        necessity=Necessity.ADVISED,
    )
    yield Need(
        what=Consequence("a pinned guest is live-migrated since Train only"),
        reason="Its pinning was not computed anew for the other host: until Stein Nova refuses it,"
        " or breaks the pinning where enable_numa_live_migration lets it.",
        source=f"{NOVA_DOCS}/admin/live-migration-usage.html",
        until=NovaRelease.STEIN,
    )
    yield Need(
        what=Consequence("a host is empty when its sets of CPUs change"),
        reason="nova-compute does not start where it has pinned guests and shared CPUs only, or"
        " the reverse. A guest whose CPUs are in no set any more stays on them, with a warning,"
        " until it is migrated.",
        source=f"{NOVA_OPTIONS}#compute.cpu_dedicated_set",
        since=NovaRelease.TRAIN,
    )
