"""The guest's vCPUs run on host CPUs of their own. A need of the flavor, not of the image.

A vCPU that floats shares its host CPU with others and loses its caches whenever it is moved. Guests
with deadlines want CPUs of their own. That belongs to the flavor: an image that asks for dedicated
CPUs is refused with every flavor that shares them, and the guest itself cannot see the difference.
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from builder.feature import (
    Conflict,
    Feature,
    Filesystem,
    Need,
    Parameters,
    Surroundings,
    inspection,
)
from builder.features.needs.cpu_pinning import (
    EmulatorThreads,
    ThreadPolicy,
    dedicated_cpus,
    shared_cpus,
)
from builder.linux import kernelarguments
from builder.words import counted


class CpuPinningParameters(Parameters):
    """How Nova places vCPUs on the host's CPUs and their threads."""

    policy: Literal["dedicated", "shared"] = Field(
        default="dedicated",
        description="'dedicated' pins each vCPU to a host CPU of its own; 'shared' lets it float.",
    )
    threads: ThreadPolicy | None = Field(
        default=None,
        description="Where the hyper-threads of the host's cores go; only with 'dedicated'.",
    )
    emulator_threads: EmulatorThreads | None = Field(
        default=None,
        description="Where QEMU's own threads run: 'share' has them on the host's shared CPUs,"
        " 'isolate' on a dedicated one more; by default, on the guest's own. Only with"
        " 'dedicated'.",
    )
    housekeeping: int | None = Field(
        default=None,
        ge=1,
        examples=[1],
        description="How many vCPUs, from the first on, the guest's own kernel and daemons keep to;"
        " the others are left to programs that are pinned in the guest too; by default, none is.",
    )

    @field_validator("threads")
    @classmethod
    def only_when_dedicated(cls, threads: str | None, info: ValidationInfo) -> str | None:
        """Refuse what Nova refuses with ``CPUThreadPolicyConfigurationInvalid``."""
        if threads is not None and info.data.get("policy") == "shared":
            raise ValueError(
                "a thread policy needs dedicated CPUs: Nova refuses it with policy 'shared'.\n"
                "Write 'policy: dedicated', or remove 'threads'."
            )
        return threads

    @field_validator("emulator_threads")
    @classmethod
    def only_beside_pinned_vcpus(cls, policy: str | None, info: ValidationInfo) -> str | None:
        """Refuse what Nova refuses with ``BadRequirementEmulatorThreadsPolicy``."""
        if policy is not None and info.data.get("policy") == "shared":
            raise ValueError(
                "a policy for QEMU's threads needs dedicated CPUs: Nova refuses it with policy"
                " 'shared'.\nWrite 'policy: dedicated', or remove 'emulator_threads'."
            )
        return policy

    @field_validator("housekeeping")
    @classmethod
    def only_on_cpus_of_their_own(cls, count: int | None, info: ValidationInfo) -> int | None:
        """Refuse what would isolate vCPUs that the host itself interrupts."""
        if count is not None and info.data.get("policy") == "shared":
            raise ValueError(
                "isolated vCPUs need dedicated CPUs: on shared ones the host interrupts them.\n"
                "Write 'policy: dedicated', or remove 'housekeeping'."
            )
        return count

    @property
    def kernel_arguments(self) -> tuple[str, ...]:
        """What keeps the kernel's own work off the other vCPUs.

        Source: Linux' ``Documentation/admin-guide/kernel-parameters.txt``, which tuned's profile
        cpu-partitioning uses for guests as well. ``N`` is the last CPU, whichever it is (since
        Linux 5.12), so that the image fits every flavor; where none is left to isolate, Linux says
        so and isolates none. The first CPU always keeps house.
        """
        if self.housekeeping is None:
            return ()
        others = f"{self.housekeeping}-N"
        own = "0" if self.housekeeping == 1 else f"0-{self.housekeeping - 1}"
        return (
            f"isolcpus=managed_irq,domain,{others}",
            f"nohz_full={others}",
            f"rcu_nocbs={others}",
            f"irqaffinity={own}",
        )


def isolates(parameters: CpuPinningParameters) -> bool:
    """Whether the guest's own kernel is to leave vCPUs alone."""
    return parameters.housekeeping is not None


@inspection("every kernel is started with the arguments that isolate vCPUs", applies=isolates)
def kernels_are_told(disk: Filesystem, parameters: CpuPinningParameters) -> str:
    """Look at every entry of the boot loader: any of them may be the next one's default."""
    return kernelarguments.require(disk, parameters.kernel_arguments)


def environment(parameters: CpuPinningParameters) -> dict[str, str]:
    """Arguments that the boot loader adds to its own."""
    arguments = parameters.kernel_arguments
    return {"DIB_KERNEL_ARGUMENTS": " ".join(arguments)} if arguments else {}


def needs(parameters: CpuPinningParameters) -> tuple[Need, ...]:
    """Those of flavor, scheduler and hosts: all of it is outside the guest."""
    if parameters.policy == "shared":
        return shared_cpus()
    return tuple(dedicated_cpus(parameters.threads, parameters.emulator_threads))


def conflicts(parameters: CpuPinningParameters, surroundings: Surroundings) -> Iterator[Conflict]:
    """Linux isolates nothing where the list of CPUs to isolate begins behind the last one."""
    count, vcpus = parameters.housekeeping, surroundings.flavor.get("vcpus", "")
    if count is not None and vcpus.isdecimal() and count >= int(vcpus):
        yield Conflict(
            "housekeeping",
            f"takes {count} of {counted(int(vcpus), 'vCPU')}, and leaves none to isolate",
            "Write fewer, or ask for more vCPUs in cpu-topology.",
        )


FEATURE = Feature(
    name="cpu-pinning",
    summary="vCPUs on host CPUs of their own, asked for by the flavor",
    parameters=CpuPinningParameters,
    environment=environment,
    inspections=(kernels_are_told,),
    needs=needs,
    conflicts=conflicts,
    no_probe_reason="Pinning happens on the host: a guest sees the same CPUs,"
    " whether pinned or not.",
)
