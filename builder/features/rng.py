"""The guest's random numbers are the host's, from its first second on.

A guest that has just been started has seen nothing that nobody could foresee, and yet it makes its
SSH keys. Either it waits for randomness, or its keys are weak; a generator of the host's helps.
Since its release 21 Nova gives it to every guest, unless the flavor says ``hw_rng:allowed=False``;
before, it took ``hw_rng:allowed=True`` in the flavor and the property in the image.
"""

from builder.feature import (
    CheckFailed,
    Claim,
    ExtraSpec,
    Feature,
    Filesystem,
    Guest,
    Necessity,
    Need,
    NovaRelease,
    Parameters,
    inspection,
    probe,
)
from builder.feature.needs import NOVA_DOCS
from builder.linux import kernels
from builder.linux.live import output
from builder.linux.scripts import script


class RngParameters(Parameters):
    """virtio is the only model that Nova knows."""


DRIVER = "virtio_rng"


@inspection("every kernel has the driver of virtio's random number generator")
def kernels_have_virtio_rng(disk: Filesystem, _: RngParameters) -> str:
    """Its device loads it; nothing else needs to be configured."""
    return kernels.require_driver(disk, DRIVER)


# A TPM is a source, too, and a kernel may like it better: virtio's is chosen for the read alone.
READ = script("read-virtio-rng.sh")
ENOUGH = 4000
"""Of 4096 random bytes 16 are zero on average, and never a hundred."""


@probe("the guest reads random numbers from virtio's generator")
def guest_reads_random_numbers(guest: Guest, _: RngParameters) -> str:
    """Read /dev/hwrng, and count what is not zero."""
    source, count, *others = output(guest, READ).split()
    if source == "none":
        seen = f"it has {', '.join(others)}" if others else "it has none at all"
        raise CheckFailed(f"the guest has no random number generator of virtio's: {seen}")
    if int(count) < ENOUGH:
        raise CheckFailed(f"{source} gave {count} bytes that are not zero, of 4096")
    return f"4096 bytes from {source} through /dev/hwrng"


def claims(_: RngParameters) -> tuple[Claim, ...]:
    """The one property. Since its release 21 Nova gives the device to images without it, too."""
    return (
        Claim(
            property="hw_rng_model",
            value="virtio",
            promise="the guest takes random numbers from its host",
            proof=(kernels_have_virtio_rng, guest_reads_random_numbers),
        ),
    )


SPEC = f"{NOVA_DOCS}/configuration/extra-specs.html#hw_rng:allowed"


def needs(_: RngParameters) -> tuple[Need, ...]:
    """Nova's default is True since Ussuri, and was False before."""
    allowed = ExtraSpec("hw_rng:allowed", "True")
    return (
        Need(
            what=allowed,
            reason="Without it the guest gets no generator, whatever its image says.",
            source=SPEC,
            until=NovaRelease.TRAIN,
        ),
        Need(
            what=allowed,
            reason="That is the default; a flavor that says False takes the generator away.",
            source=SPEC,
            necessity=Necessity.CONSISTENT,
            since=NovaRelease.USSURI,
        ),
    )


FEATURE = Feature(
    name="rng",
    summary="random numbers from the host by virtio, from the first second on",
    parameters=RngParameters,
    claims=claims,
    inspections=(kernels_have_virtio_rng,),
    probes=(guest_reads_random_numbers,),
    needs=needs,
)
