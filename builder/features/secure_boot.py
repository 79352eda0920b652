"""Only signed code starts, from the firmware to the kernel's modules.

Whoever can write to a guest's disk can put a program before its kernel. With Secure Boot the
firmware starts only what Microsoft has signed, which is the distribution's shim; shim starts only
what the distribution has signed, its GRUB and its kernels; and such a kernel loads signed modules
only. A driver that is built in the guest (DKMS) is signed by nobody and does not load: no image has
this feature and ``vgpu``. Nova ignores ``os_secure_boot`` without ``hw_firmware_type=uefi`` and
refuses it without ``hw_machine_type=q35``, so a profile with this feature has ``uefi``, too.
"""

from builder.feature import (
    CheckFailed,
    Claim,
    Consequence,
    Feature,
    Filesystem,
    Guest,
    Need,
    NovaRelease,
    Parameters,
    ProviderTrait,
    Setup,
    inspection,
    probe,
)
from builder.feature.needs import NOVA_DOCS
from builder.features.needs.agreement import agreeing
from builder.linux import esp, kernels
from builder.linux.live import output
from builder.linux.scripts import script
from builder.linux.secureboot import Program


class SecureBootParameters(Parameters):
    """Secure Boot has nothing to choose: 'required' is what an image can promise."""


ARCHITECTURE = "x86_64"
"""Of the machine type q35, without which Nova refuses Secure Boot."""


@inspection("the firmware's boot loader is signed under an authority of Microsoft's")
def loader_is_signed(disk: Filesystem, _: SecureBootParameters) -> str:
    """Firmware comes with Microsoft's keys; verify the signature as it would."""
    shim = _shim(disk)
    authorities = " and ".join(shim.microsoft_authorities())
    return f"{shim.path} is signed under Microsoft's {authorities}"


@inspection("shim trusts GRUB and every kernel")
def what_follows_is_signed(disk: Filesystem, _: SecureBootParameters) -> str:
    """Verify their signatures with the distribution's authority that shim carries."""
    authorities = _shim(disk).vendor_authorities()
    grubs = esp.grubs(disk)
    if not grubs:
        raise CheckFailed(f"shim finds no GRUB below {esp.mount_point(disk)}")
    found = kernels.require_every(disk)
    paths = (*grubs, *(kernel.image for kernel in found))
    signers = [Program(path, disk.read_bytes(path)).signer(authorities) for path in paths]
    return f"signed by {', '.join(dict.fromkeys(signers))}: GRUB and {kernels.names(found)}"


def _shim(disk: Filesystem) -> Program:
    path = esp.removable_loader(disk, ARCHITECTURE)
    return Program(path, disk.read_bytes(path))


# EFI variables of the UEFI specification's own namespace: four bytes of attributes, one of value.
STATE = script("secure-boot-state.sh")
ENFORCED = ["1", "0"]
LOCKDOWN = "cat /sys/kernel/security/lockdown 2>/dev/null || echo none"


@probe("the firmware enforces Secure Boot")
def secure_boot_is_enforced(guest: Guest, _: SecureBootParameters) -> str:
    """Read the firmware's own variables: on, and with keys, which end its setup mode."""
    seen = output(guest, STATE).split()
    if seen != ENFORCED:
        raise CheckFailed(
            "the firmware does not enforce Secure Boot: its variables SecureBoot and SetupMode are "
            + " and ".join(seen)
        )
    return "Secure Boot is on, and the firmware has its keys"


@probe("the kernel is locked down")
def kernel_is_locked_down(guest: Guest, _: SecureBootParameters) -> str:
    """A kernel that would load unsigned modules ends the chain that the firmware began."""
    seen = output(guest, LOCKDOWN)
    if "[integrity]" not in seen and "[confidentiality]" not in seen:
        raise CheckFailed(f"the kernel is not locked down: /sys/kernel/security/lockdown: {seen}")
    return f"the kernel loads signed modules only (lockdown: {seen})"


def claims(_: SecureBootParameters) -> tuple[Claim, ...]:
    """The one property; what it needs of the machine is the feature uefi's."""
    return (
        Claim(
            property="os_secure_boot",
            value="required",
            promise="the guest boots with Secure Boot, by Microsoft's keys",
            proof=(
                loader_is_signed,
                what_follows_is_signed,
                kernel_is_locked_down,
                secure_boot_is_enforced,
            ),
        ),
    )


DOCS = f"{NOVA_DOCS}/admin/secure-boot.html"


def needs(_: SecureBootParameters) -> tuple[Need, ...]:
    """A firmware that can, and no flavor that forbids it."""
    first = NovaRelease.WALLABY
    return (
        Need(
            what=Setup(
                "the UEFI firmware for QEMU can enforce Secure Boot, by Microsoft's keys"
                " (Debian's ovmf, RHEL's edk2-ovmf)"
            ),
            reason="libvirt chooses it by its description; without one the guest does not start.",
            source=DOCS,
        ),
        Need(
            what=ProviderTrait("COMPUTE_SECURITY_UEFI_SECURE_BOOT", by_nova=True),
            reason="Nova places the guest on such a host only.",
            source=DOCS,
            since=first,
        ),
        agreeing("os:secure_boot", "required", source=DOCS, since=first),
        Need(
            what=Consequence("Nova passes over the property, and any code starts"),
            reason="With QEMU, Secure Boot came with Wallaby.",
            source=DOCS,
            until=NovaRelease.VICTORIA,
        ),
    )


FEATURE = Feature(
    name="secure-boot",
    summary="every step of the boot is signed, from shim to the kernel's modules; needs uefi",
    parameters=SecureBootParameters,
    architectures=("x86_64",),
    claims=claims,
    inspections=(loader_is_signed, what_follows_is_signed),
    probes=(secure_boot_is_enforced, kernel_is_locked_down),
    needs=needs,
    excludes={
        "vgpu": "a driver that is built in the image is signed by nobody whom shim trusts,"
        " so a locked-down kernel does not load it"
    },
)
