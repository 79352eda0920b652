"""Properties of a guest's processors and memory: ``hw_cpu_*``, ``hw_mem_*``, ``hw_numa_*``."""

from collections.abc import Mapping

from builder.feature.nova_release import NovaRelease
from builder.nova.kind import ARCHITECTURE, BOOLEAN, COUNT, CPU_SET, choice, matching
from builder.nova.vocabulary.property import Property

_LIMIT = "The most {} that a topology may have; it must not exceed the flavor's limit."
_WISH = (
    "How many {} are wished for: Nova takes the topology of the flavor's vCPUs that grants most "
    "wishes, and says nothing of the others."
)

PROCESSOR: Mapping[str, Property] = {
    "hw_architecture": Property(
        ARCHITECTURE,
        "The architecture of the guest; most write `architecture`, which means the same.",
        NovaRelease.LIBERTY,
    ),
    "hw_cpu_cores": Property(
        COUNT, _WISH.format("cores of a socket"), NovaRelease.JUNO, restricts=True
    ),
    "hw_cpu_max_cores": Property(
        COUNT, _LIMIT.format("cores of a socket"), NovaRelease.JUNO, restricts=True
    ),
    "hw_cpu_max_sockets": Property(
        COUNT, _LIMIT.format("sockets"), NovaRelease.JUNO, restricts=True
    ),
    "hw_cpu_max_threads": Property(
        COUNT, _LIMIT.format("threads of a core"), NovaRelease.JUNO, restricts=True
    ),
    "hw_cpu_policy": Property(
        choice("dedicated", "shared", "mixed"),
        "Whether vCPUs have physical CPUs of their own. A flavor's policy beats it; `dedicated` "
        "and `mixed` are refused where the flavor gives less.",
        NovaRelease.KILO,
        {"mixed": NovaRelease.VICTORIA},
        restricts=True,
    ),
    "hw_cpu_realtime_mask": Property(
        CPU_SET,
        "Which vCPUs run in real time, of a flavor with `hw:cpu_realtime`, whose mask it beats.",
        NovaRelease.MITAKA,
        restricts=True,
    ),
    "hw_cpu_sockets": Property(COUNT, _WISH.format("sockets"), NovaRelease.JUNO, restricts=True),
    "hw_cpu_thread_policy": Property(
        choice("prefer", "isolate", "require"),
        "Whether dedicated CPUs may be threads of one core; refused without dedicated CPUs. A "
        "flavor's policy must be the same, and its `prefer` beats any other.",
        NovaRelease.MITAKA,
        restricts=True,
    ),
    "hw_cpu_threads": Property(
        COUNT, _WISH.format("threads of a core"), NovaRelease.JUNO, restricts=True
    ),
    "hw_emulation_architecture": Property(
        ARCHITECTURE,
        "The architecture that QEMU emulates on a host of another one.",
        NovaRelease.YOGA,
        restricts=True,
    ),
    "hw_locked_memory": Property(
        BOOLEAN,
        "The guest's memory is never swapped out; refused without a page size.",
        NovaRelease.ZED,
        restricts=True,
    ),
    "hw_maxphysaddr_bits": Property(
        COUNT,
        "How wide the guest's physical addresses are; a flavor's `hw:maxphysaddr_bits` beats it.",
        NovaRelease.CARACAL,
        restricts=True,
    ),
    "hw_maxphysaddr_mode": Property(
        choice("emulate", "passthrough"),
        "Whose width of physical addresses the guest sees: the host's, or that of "
        "`hw_maxphysaddr_bits`. It needs a host with the trait.",
        NovaRelease.CARACAL,
        restricts=True,
    ),
    "hw_mem_encryption": Property(
        BOOLEAN,
        "The guest's memory is encrypted by the host's processor; it needs UEFI, q35, and a host "
        "with the trait.",
        NovaRelease.TRAIN,
        restricts=True,
    ),
    "hw_mem_encryption_model": Property(
        choice("amd-sev", "amd-sev-es", "amd-sev-snp", "intel-tdx"),
        "Which of the processor's ways to encrypt memory; `amd-sev` where nobody says.",
        NovaRelease.FLAMINGO,
        {"amd-sev-snp": NovaRelease.HIBISCUS, "intel-tdx": NovaRelease.HIBISCUS},
        restricts=True,
    ),
    "hw_mem_page_size": Property(
        matching(
            r"any|small|large|[1-9][0-9]{0,8}([KMGT]i?B)?",
            "any, small, large, or a size (2048, 2MB)",
        ),
        "The size of the pages behind the guest's memory, in KiB where no unit is given; refused "
        "unless the flavor's `hw:mem_page_size` is `any` or `large`.",
        NovaRelease.KILO,
        restricts=True,
    ),
    "hw_numa_cpus.N": Property(
        CPU_SET,
        "The vCPUs of the guest's NUMA node N; every node needs its `hw_numa_mem.N` too.",
        NovaRelease.JUNO,
        restricts=True,
    ),
    "hw_numa_mem.N": Property(
        COUNT,
        "The memory of the guest's NUMA node N, in MiB; together they are the flavor's.",
        NovaRelease.JUNO,
        restricts=True,
    ),
    "hw_numa_nodes": Property(
        COUNT,
        "Over how many NUMA nodes the guest is spread; refused where the flavor says a number too.",
        NovaRelease.JUNO,
        restricts=True,
    ),
    "hw_pci_numa_affinity_policy": Property(
        choice("required", "preferred", "legacy", "socket"),
        "How near PCI devices must be to the guest's CPUs; a flavor's must be the same.",
        NovaRelease.USSURI,
        {"socket": NovaRelease.WALLABY},
        restricts=True,
    ),
    "hw_pmu": Property(
        BOOLEAN,
        "Whether the guest has performance counters; the hypervisor decides where nobody says.",
        NovaRelease.TRAIN,
    ),
    "architecture": Property(
        ARCHITECTURE,
        "The architecture of the guest: Nova starts it on hosts that run such guests.",
        NovaRelease.CACTUS,
    ),
}
