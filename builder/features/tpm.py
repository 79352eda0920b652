"""The guest has a TPM 2.0 of its own, whose secrets stay with it.

A TPM measures what has started and keeps keys that it gives out for the same measurements only:
disk encryption without a passphrase, attestation. Nova gives an emulated one where the image or the
flavor names its version; ``hw_tpm_model`` alone gives none. Its state is encrypted with a secret of
the server's owner, which a key manager keeps; so Nova cannot rebuild, shelve, rescue or evacuate
such a server.
"""

from typing import Literal

from pydantic import Field

from builder.feature import (
    CheckFailed,
    Claim,
    ConfigOption,
    Consequence,
    ExtraSpec,
    Feature,
    Filesystem,
    Guest,
    Necessity,
    Need,
    NovaRelease,
    Parameters,
    Setup,
    inspection,
    probe,
)
from builder.feature.needs import NOVA_DOCS
from builder.linux import kernels
from builder.linux.live import output
from builder.linux.scripts import script


class TpmParameters(Parameters):
    """How the guest speaks to its TPM."""

    model: Literal["tpm-tis", "tpm-crb"] = Field(
        default="tpm-tis",
        description="The TPM's interface: 'tpm-tis' is the older one, which Nova takes where an"
        " image names none; 'tpm-crb' is that of TPM 2.0.",
    )


DRIVERS = {"tpm-tis": "tpm_tis", "tpm-crb": "tpm_crb"}


@inspection("every kernel has the driver of the TPM's interface")
def kernels_have_tpm_driver(disk: Filesystem, parameters: TpmParameters) -> str:
    """The firmware's tables name the device, which loads it."""
    return kernels.require_driver(disk, DRIVERS[parameters.model])


DEVICE = """
cd /sys/class/tpm/tpm0 2>/dev/null || { echo none; exit; }
echo "$(cat tpm_version_major) $(basename "$(readlink -f device/driver)")"
"""
# TPM 2.0 Library, part 3: TPM2_GetRandom (0x17b) for 16 bytes, without a session. The answer has
# 10 bytes of header, a response code of 0 among them, then a count of 2 bytes and the numbers.
# A shell that opens a file for both reading and writing makes it where there is none.
GET_RANDOM = script("tpm-get-random.sh")
GRANTED = "80010000001c000000000010"


@probe("the guest has a TPM 2.0 behind the interface that was asked for")
def device_is_tpm_2(guest: Guest, parameters: TpmParameters) -> str:
    """Ask the kernel for its version and its driver."""
    seen = output(guest, DEVICE)
    if seen == "none":
        raise CheckFailed("the guest has no TPM: it was given none, or its kernel has no driver")
    version, driver = seen.split()
    if (version, driver) != ("2", DRIVERS[parameters.model]):
        raise CheckFailed(
            f"the TPM is of version {version} on {driver}, not 2 on {DRIVERS[parameters.model]}"
        )
    return f"a TPM 2.0 on {driver}"


@probe("the TPM executes a command")
def tpm_gives_random_numbers(guest: Guest, _: TpmParameters) -> str:
    """Send it TPM2_GetRandom through the kernel's resource manager."""
    answer = output(guest, GET_RANDOM)
    if not answer.startswith(GRANTED):
        raise CheckFailed(f"the TPM answered TPM2_GetRandom with {answer or 'nothing'}")
    return "TPM2_GetRandom gave 16 bytes"


def claims(parameters: TpmParameters) -> tuple[Claim, ...]:
    """Both properties: Nova gives no TPM of the model alone."""
    return (
        Claim(
            property="hw_tpm_version",
            value="2.0",
            promise="the guest uses a TPM 2.0",
            proof=(kernels_have_tpm_driver, device_is_tpm_2, tpm_gives_random_numbers),
        ),
        Claim(
            property="hw_tpm_model",
            value=parameters.model,
            promise=f"the guest speaks to its TPM through {DRIVERS[parameters.model]}",
            proof=(kernels_have_tpm_driver, device_is_tpm_2),
        ),
    )


DOCS = f"{NOVA_DOCS}/admin/emulated-tpm.html"


def needs(_: TpmParameters) -> tuple[Need, ...]:
    """A host that emulates it, and a place for its secret."""
    return (
        Need(
            what=ConfigOption("libvirt", "swtpm_enabled", "True"),
            reason="Without it the host has no trait of a TPM, and no host is valid for the guest.",
            source=DOCS,
            since=NovaRelease.VICTORIA,
        ),
        Need(
            what=Setup("swtpm and libtpms are installed, with the user and the group tss"),
            reason="They are the TPM.",
            source=DOCS,
        ),
        Need(
            what=Setup("Nova reaches a key manager (Barbican) by its section [key_manager]"),
            reason="It keeps the secret that each guest's TPM is encrypted with.",
            source=DOCS,
        ),
        Need(
            what=Consequence("no such server is rebuilt, evacuated, shelved or rescued"),
            reason="Nova refuses it.",
            source=DOCS,
        ),
        Need(
            what=ExtraSpec("hw:tpm_secret_security", "host"),
            reason="Only so is the guest migrated live, and an operator may start it; its secret is"
            " then on the host's disk. By default ('user') neither is possible.",
            source=DOCS,
            necessity=Necessity.ADVISED,
            since=NovaRelease.GAZPACHO,
        ),
        Need(
            what=Consequence("Nova passes over the properties, and the guest has no TPM"),
            reason="Emulated TPMs came with Victoria.",
            source=DOCS,
            until=NovaRelease.USSURI,
        ),
        Need(
            what=Consequence("such a server is not migrated live, and its owner alone starts it"),
            reason="Its secret is its owner's.",
            source=DOCS,
            until=NovaRelease.FLAMINGO,
        ),
    )


FEATURE = Feature(
    name="tpm",
    summary="a TPM 2.0 of the guest's own, emulated by its host",
    parameters=TpmParameters,
    architectures=("x86_64", "i686"),
    claims=claims,
    inspections=(kernels_have_tpm_driver,),
    probes=(device_is_tpm_2, tpm_gives_random_numbers),
    needs=needs,
)
