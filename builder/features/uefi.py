"""The guest is started by UEFI, on the machine type that UEFI is made for.

Nova starts an image that names no firmware by BIOS, until somebody adds the property to it; so it
is proven under both. With ``hw_firmware_type=uefi`` Nova starts it by UEFI and by nothing else, and
so does the proof. Nova's own machine type for x86 is the older ``pc``; ``q35`` has PCI Express, and
Nova refuses Secure Boot without it. AArch64 has UEFI and the machine type ``virt`` alone. A guest
of either has as many slots for volumes and NICs that are plugged later as ``num_pcie_ports`` in
nova.conf's section ``[libvirt]`` says.
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from builder.architecture import ARCHITECTURES, Architecture
from builder.feature import (
    CheckFailed,
    Claim,
    ConfigOption,
    Conflict,
    Feature,
    Filesystem,
    Guest,
    Necessity,
    Need,
    NovaRelease,
    Parameters,
    Setup,
    Surroundings,
    inspection,
    probe,
)
from builder.feature.needs import NOVA_DOCS
from builder.linux import esp
from builder.linux.live import output


class UefiParameters(Parameters):
    """UEFI has nothing to choose: the machine type follows from the architecture."""

    machine_type: Literal["q35", "virt"] = Field(
        default="q35",
        description="The machine type that UEFI is for: q35 on x86_64, virt on aarch64.",
    )

    @property
    def architecture(self) -> Architecture:
        """That of the machine type."""
        return _OF_MACHINES[self.machine_type]


_OF_MACHINES = {each.uefi_machine: each for each in ARCHITECTURES.values()}


@inspection("the firmware finds a boot loader by itself")
def loader_is_at_removable_path(disk: Filesystem, parameters: UefiParameters) -> str:
    """On its first boot a guest has no boot variables that would name another path."""
    loader = esp.removable_loader(disk, parameters.architecture.name)
    return f"{loader} is where UEFI looks"


FIRMWARE = """
test -d /sys/firmware/efi || { echo bios; exit; }
echo "uefi $(cat /sys/firmware/efi/fw_platform_size)"
"""
# Device 29c0 is the host bridge of Intel's Q35 chipset, which QEMU's machine type is named after;
# 0008 is QEMU's own, for machines that are modelled after none.
HOST_BRIDGE = "cd /sys/bus/pci/devices/0000:00:00.0 && cat vendor device"
Q35 = "0x8086 0x29c0"
VIRT = "0x1b36 0x0008"


@probe("UEFI of 64 bits started the guest")
def guest_is_started_by_uefi(guest: Guest, _: UefiParameters) -> str:
    """A kernel that was started by UEFI shows what the firmware told it."""
    seen = output(guest, FIRMWARE)
    if seen != "uefi 64":
        raise CheckFailed(f"the guest was started by {seen}, not by UEFI of 64 bits")
    return "started by UEFI of 64 bits"


def is_q35(parameters: UefiParameters) -> bool:
    """Whether the image is for x86."""
    return parameters.machine_type == "q35"


def is_virt(parameters: UefiParameters) -> bool:
    """Whether the image is for AArch64."""
    return parameters.machine_type == "virt"


@probe("the guest runs on a Q35 chipset", applies=is_q35)
def machine_is_q35(guest: Guest, _: UefiParameters) -> str:
    """Look at the host bridge: a hypervisor may call its machine whatever it likes."""
    return _require_host_bridge(guest, Q35, "a Q35")


@probe("the guest runs on QEMU's machine for AArch64", applies=is_virt)
def machine_is_virt(guest: Guest, _: UefiParameters) -> str:
    """Its host bridge is no other machine's, but for those of further architectures."""
    return _require_host_bridge(guest, VIRT, "a 'virt'")


def _require_host_bridge(guest: Guest, wanted: str, name: str) -> str:
    seen = " ".join(output(guest, HOST_BRIDGE).split())
    if seen != wanted:
        raise CheckFailed(f"the host bridge is {seen}, not that of {name} ({wanted})")
    return f"the host bridge is that of {name} ({seen})"


def claims(parameters: UefiParameters) -> tuple[Claim, ...]:
    """Both properties: Nova's own default for x86 is the older machine type pc."""
    machine_type = parameters.machine_type
    return (
        Claim(
            property="hw_firmware_type",
            value="uefi",
            promise="the guest boots with UEFI, on its first boot too",
            proof=(loader_is_at_removable_path, guest_is_started_by_uefi),
        ),
        Claim(
            property="hw_machine_type",
            value=machine_type,
            promise=f"the guest runs on the machine type {machine_type}, with PCI Express",
            proof=(machine_is_q35 if is_q35(parameters) else machine_is_virt,),
        ),
    )


PACKAGES = {
    "q35": "Debian's ovmf, RHEL's edk2-ovmf",
    "virt": "Debian's qemu-efi-aarch64, RHEL's edk2-aarch64",
}


def needs(parameters: UefiParameters) -> tuple[Need, ...]:
    """The firmware."""
    return (
        Need(
            what=Setup(
                f"UEFI firmware for QEMU is installed ({PACKAGES[parameters.machine_type]})"
            ),
            reason="libvirt chooses it by its description; without one the guest does not start.",
            source=f"{NOVA_DOCS}/admin/uefi.html",
        ),
        Need(
            what=ConfigOption("libvirt", "num_pcie_ports", "16"),
            reason="With PCI Express each NIC and virtio-blk volume that is plugged later takes a"
            " port, and by default one or two are left for that.",
            source=f"{NOVA_DOCS}/configuration/config.html#libvirt.num_pcie_ports",
            necessity=Necessity.ADVISED,
            since=NovaRelease.ROCKY,
        ),
    )


def conflicts(parameters: UefiParameters, surroundings: Surroundings) -> Iterator[Conflict]:
    """A machine type is of one architecture."""
    architecture = ARCHITECTURES[surroundings.distribution.architecture]
    if parameters.machine_type != architecture.uefi_machine:
        yield Conflict(
            "machine_type",
            f"is of {parameters.architecture.name}, and the image is for {architecture.name}",
            f"Remove it: it is {architecture.uefi_machine} then.",
        )


FEATURE = Feature(
    name="uefi",
    summary="boots with UEFI on the machine type q35 (AArch64: virt), and with nothing else",
    parameters=UefiParameters,
    defaults=lambda distribution: {
        "machine_type": ARCHITECTURES[distribution.architecture].uefi_machine
    },
    architectures=tuple(ARCHITECTURES),
    claims=claims,
    inspections=(loader_is_at_removable_path,),
    probes=(guest_is_started_by_uefi, machine_is_q35, machine_is_virt),
    needs=needs,
    conflicts=conflicts,
)
