"""The guest's vCPUs run on host CPUs of their own. A need of the flavor, not of the image."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from builder.feature import Feature, Parameters


class CpuPinningParameters(Parameters):
    """How Nova places vCPUs on the host's CPUs and their threads."""

    policy: Literal["dedicated", "shared"] = Field(
        default="dedicated",
        description="'dedicated' pins each vCPU to a host CPU of its own; 'shared' lets it float.",
    )
    threads: Literal["prefer", "isolate", "require"] | None = Field(
        default=None,
        description="Where the hyper-threads of the host's cores go; only with 'dedicated'.",
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


def flavor(parameters: CpuPinningParameters) -> dict[str, str]:
    """Extra specs of the flavor."""
    specs: dict[str, str] = {"hw:cpu_policy": parameters.policy}
    if parameters.threads is not None:
        specs["hw:cpu_thread_policy"] = parameters.threads
    return specs


def host(parameters: CpuPinningParameters) -> tuple[str, ...]:
    """What the hosts need before Nova can place such a guest."""
    if parameters.policy == "shared":
        return ()
    return (
        "nova.conf has cpu_dedicated_set in its section [compute]",
        "the hosts with dedicated CPUs are in an aggregate with pinned=true",
    )


FEATURE = Feature(
    name="cpu-pinning",
    summary="vCPUs on host CPUs of their own, asked for by the flavor",
    parameters=CpuPinningParameters,
    flavor=flavor,
    host=host,
    unprobed="Pinning happens on the host: a guest sees the same CPUs whether pinned or not.",
)
