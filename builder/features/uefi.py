"""The guest is started by UEFI, on the machine type that UEFI is made for.

Nova starts an image that names no firmware by BIOS, until somebody adds the property to it; so it
is proven under both. With ``hw_firmware_type=uefi`` Nova starts it by UEFI and by nothing else, and
so does the proof. Nova's own machine type for x86 is the older ``pc``; ``q35`` has PCI Express, and
Nova refuses Secure Boot without it. A q35 guest has as many slots for volumes and NICs that are
plugged later as ``num_pcie_ports`` in nova.conf's section ``[libvirt]`` says.
"""

from builder.feature import (
    CheckFailed,
    Claim,
    ConfigOption,
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
from builder.linux import esp
from builder.linux.live import output


class UefiParameters(Parameters):
    """UEFI has nothing to choose."""


ARCHITECTURE = "x86_64"
"""Of the machine type q35."""


@inspection("the firmware finds a boot loader by itself")
def loader_is_at_removable_path(disk: Filesystem, _: UefiParameters) -> str:
    """On its first boot a guest has no boot variables that would name another path."""
    return f"{esp.removable_loader(disk, ARCHITECTURE)} is where UEFI looks"


FIRMWARE = """
test -d /sys/firmware/efi || { echo bios; exit; }
echo "uefi $(cat /sys/firmware/efi/fw_platform_size)"
"""
# Device 29c0 is the host bridge of Intel's Q35 chipset, which QEMU's machine type is named after.
HOST_BRIDGE = "cd /sys/bus/pci/devices/0000:00:00.0 && cat vendor device"
Q35 = "0x8086 0x29c0"


@probe("UEFI of 64 bits started the guest")
def guest_is_started_by_uefi(guest: Guest, _: UefiParameters) -> str:
    """A kernel that was started by UEFI shows what the firmware told it."""
    seen = output(guest, FIRMWARE)
    if seen != "uefi 64":
        raise CheckFailed(f"the guest was started by {seen}, not by UEFI of 64 bits")
    return "started by UEFI of 64 bits"


@probe("the guest runs on a Q35 chipset")
def machine_is_q35(guest: Guest, _: UefiParameters) -> str:
    """Look at the host bridge: a hypervisor may call its machine whatever it likes."""
    seen = " ".join(output(guest, HOST_BRIDGE).split())
    if seen != Q35:
        raise CheckFailed(f"the host bridge is {seen}, not that of a Q35 ({Q35})")
    return f"the host bridge is that of a Q35 ({seen})"


def claims(_: UefiParameters) -> tuple[Claim, ...]:
    """Both properties: Nova's own default for x86 is the older machine type pc."""
    return (
        Claim(
            property="hw_firmware_type",
            value="uefi",
            promise="the guest boots with UEFI, on its first boot too",
            proof=(loader_is_at_removable_path, guest_is_started_by_uefi),
        ),
        Claim(
            property="hw_machine_type",
            value="q35",
            promise="the guest runs on the machine type q35, with PCI Express",
            proof=(machine_is_q35,),
        ),
    )


def needs(_: UefiParameters) -> tuple[Need, ...]:
    """The firmware."""
    return (
        Need(
            what=Setup("UEFI firmware for QEMU is installed (Debian's ovmf, RHEL's edk2-ovmf)"),
            reason="libvirt chooses it by its description; without one the guest does not start.",
            source=f"{NOVA_DOCS}/admin/uefi.html",
        ),
        Need(
            what=ConfigOption("libvirt", "num_pcie_ports", "16"),
            reason="On q35 each NIC and each virtio-blk volume that is plugged later takes a port,"
            " and by default one or two are left for that.",
            source=f"{NOVA_DOCS}/configuration/config.html#libvirt.num_pcie_ports",
            necessity=Necessity.ADVISED,
            since=NovaRelease.ROCKY,
        ),
    )


FEATURE = Feature(
    name="uefi",
    summary="boots with UEFI on the machine type q35, and with nothing else",
    parameters=UefiParameters,
    architectures=("x86_64",),
    claims=claims,
    inspections=(loader_is_at_removable_path,),
    probes=(guest_is_started_by_uefi, machine_is_q35),
    needs=needs,
)
