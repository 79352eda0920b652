"""The virtual hardware of a guest."""

from dataclasses import dataclass
from typing import Literal

Firmware = Literal["bios", "uefi"]


@dataclass(frozen=True)
class Topology:
    """How a guest's vCPUs are arranged; their product is the number of vCPUs."""

    sockets: int = 1
    cores: int = 1
    threads: int = 1


@dataclass(frozen=True)
class Nic:
    """A virtio-net NIC, and what the config drive says of its network."""

    mac: str
    address: str | None = None
    """Static, with the length of its prefix; None: by DHCP."""
    mtu: int = 1500
    silent: bool = False
    """Whether nobody else is on its network: no DHCP server, no router, no way to the guest."""


# A locally administered address in Nova's own range (fa:16:3e), as all of these are.
FIRST_NIC = Nic("fa:16:3e:00:00:01")

SPARE_NETDEV = "spare"
"""QEMU's id of a network back end that no NIC uses yet."""

SPARE_PORT = "spare-port"
"""QEMU's id of the PCI Express port of a q35 machine with multiqueue that is free."""


@dataclass(frozen=True)
class Machine:
    """The virtual hardware that Nova would give a guest.

    Source: Nova's libvirt driver (``nova/virt/libvirt/config.py`` and ``blockinfo.py``): the
    controller is ``virtio-scsi-pci`` with ``scsi-hd`` disks, the agent channel is a virtio-serial
    port named ``org.qemu.guest_agent.0``, the watchdog is always ``i6300esb``, NICs are
    virtio-net, queues equal the vCPUs.
    """

    firmware: Firmware = "bios"
    vcpus: int = 2
    memory_mib: int = 1024
    disk_bus: Literal["virtio", "scsi"] = "virtio"
    discard: bool = True
    """Whether the host takes back what the guest discards: ``[libvirt] hw_disk_discard=unmap``."""
    guest_agent: bool = False
    watchdog: Literal["reset", "poweroff", "pause", "none"] | None = None
    """What QEMU does when the watchdog fires; None gives no device."""
    multiqueue: bool = False
    """A second NIC on a tap device with as many queues as vCPUs, and the back end ``SPARE_NETDEV``
    of a third one, which is not plugged."""
    topology: Topology | None = None
    """Sockets, cores and threads; None gives each vCPU a socket of its own, as Nova does."""
    secure_boot: bool = False
    """UEFI that enforces Secure Boot with Microsoft's keys."""
    rng: bool = False
    """A virtio-rng device."""
    tpm: Literal["tpm-tis", "tpm-crb"] | None = None
    """The model of an emulated TPM 2.0."""
    nics: tuple[Nic, ...] = (FIRST_NIC,)
    """A guest without one that is not silent cannot be logged in to."""


def _topology(topology: Topology | None) -> str:
    if topology is None:
        return ""
    numbers = (topology.sockets, topology.cores, topology.threads)
    return f" (sockets × cores × threads: {' × '.join(map(str, numbers))})"


def _nics(nics: tuple[Nic, ...]) -> str:
    if not nics:
        return "no NIC"
    networks = [f"{nic.address or 'DHCP'}, MTU {nic.mtu}{', silent' * nic.silent}" for nic in nics]
    return f"NICs ({'; '.join(networks)})"


def machine_text(machine: Machine) -> str:
    """The virtual hardware of a boot, in a few words."""
    parts = [
        f"{machine.vcpus} vCPU{'s' * (machine.vcpus != 1)}{_topology(machine.topology)}",
        f"{machine.memory_mib} MiB",
        "virtio-scsi disk" if machine.disk_bus == "scsi" else "virtio-blk disk",
    ]
    if machine.guest_agent:
        parts.append("agent channel")
    if machine.watchdog:
        parts.append(f"i6300esb ({machine.watchdog})")
    if machine.multiqueue:
        parts.append("multiqueue NIC")
    if machine.secure_boot:
        parts.append("Secure Boot")
    if machine.rng:
        parts.append("virtio-rng")
    if machine.tpm:
        parts.append(machine.tpm)
    if machine.nics != (FIRST_NIC,):
        parts.append(_nics(machine.nics))
    return ", ".join(parts)
