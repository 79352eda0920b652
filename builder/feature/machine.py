"""The virtual hardware of a guest."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, Literal, get_type_hints

from builder.architecture import AARCH64, X86_64, Name
from builder.feature.device import Device, Ends, Firmware, Nic, Request, Topology

Watchdog = Literal["reset", "poweroff", "pause", "none"]

SPARE_NETDEV = "spare"
"""QEMU's id of a network back end that no NIC uses yet."""

SPARE_PORT = "spare-port"
"""QEMU's id of the PCI Express port of a machine with multiqueue that is free."""

AGENT_PORT = "org.qemu.guest_agent.0"

# Locally administered addresses in Nova's own range (fa:16:3e).
FIRST_NIC = Nic("fa:16:3e:00:00:01")
MULTIQUEUE_MAC = "fa:16:3e:00:00:02"

ENTROPY = "/dev/urandom"
"""Nova's default of ``[libvirt] rng_dev_path``."""


def _architecture(request: Request) -> Name:
    """A guest of 32 bits has the same machine."""
    return AARCH64.name if request.architecture == AARCH64.name else X86_64.name


def _machine_type(request: Request) -> str:
    """``pc`` unless the image says otherwise, or leaves its firmware open, too.

    It is then proven by UEFI on the chipset that UEFI is made for, which a host's ``[libvirt]
    hw_machine_type`` may name. On AArch64 there is ``virt`` alone.
    """
    if _architecture(request) == AARCH64.name:
        return AARCH64.uefi_machine
    named = request.image("hw_machine_type")
    if named is None:
        is_open = request.image("hw_firmware_type") is None
        return "q35" if is_open and request.firmware == "uefi" else "pc"
    return "q35" if "q35" in named else "pc"


def _disk_bus(request: Request) -> str:
    """Nova makes no virtio-scsi controller of either property alone."""
    both = (request.image("hw_disk_bus"), request.image("hw_scsi_model"))
    return "scsi" if both == ("scsi", "virtio-scsi") else "virtio"


def _disk(machine: "Machine", _: Ends) -> Iterable[str]:
    if machine.disk_bus == "virtio":
        return ("-device", "virtio-blk-pci,drive=root,bootindex=1")
    disk = "scsi-hd,bus=scsi0.0,channel=0,scsi-id=0,lun=0,drive=root,bootindex=1"
    return ("-device", "virtio-scsi-pci,id=scsi0", "-device", disk)


def _agent(machine: "Machine", ends: Ends) -> Iterable[str]:
    if not machine.guest_agent:
        return ()
    return (
        *("-device", "virtio-serial-pci,id=serial"),
        *("-chardev", f"{ends.channels['agent']},id=agent"),
        *("-device", f"virtserialport,bus=serial.0,chardev=agent,name={AGENT_PORT}"),
    )


def _watchdog_given(request: Request) -> str | None:
    """The image's action beats the flavor's."""
    action = request.image("hw_watchdog_action") or request.flavor("hw:watchdog_action")
    return None if action == "disabled" else action


def _watchdog(machine: "Machine", _: Ends) -> Iterable[str]:
    """The one that the image asks for, and on q35 that of the chipset.

    Since its release 9.1 libvirt lets the chipset's watchdog (iTCO) of every q35 guest reset it,
    with the action of the first watchdog that is asked for, else ``reset``: its
    ``qemuDomainDefaultAddWatchdog`` and ``qemuBuildWatchdogCommandLine``.
    """
    chipset = machine.machine_type == "q35"
    action = machine.watchdog or ("reset" if chipset else None)
    return (
        *(("-device", "i6300esb") if machine.watchdog else ()),
        *(("-global", "ICH9-LPC.noreboot=off") if chipset else ()),
        *(("-action", f"watchdog={action}") if action else ()),
    )


def _nics(machine: "Machine", ends: Ends) -> Iterator[str]:
    """They reach nothing, and do not offer to boot from the network."""
    reached = f"ipv6=off,restrict=on,hostfwd=tcp:127.0.0.1:{ends.ssh_port}-:22"
    for number, nic in enumerate(machine.nics):
        network = f"hubport,id=nic{number},hubid={number}"
        if not nic.silent:
            network = f"user,id=nic{number},{reached}"
        device = f"virtio-net-pci,netdev=nic{number},mac={nic.mac},romfile="
        yield from ("-netdev", network, "-device", device)


def _nics_text(machine: "Machine") -> str:
    if machine.nics == (FIRST_NIC,):
        return ""
    networks = [
        f"{nic.address or 'DHCP'}, MTU {nic.mtu}{', silent' * nic.silent}" for nic in machine.nics
    ]
    return f"NICs ({'; '.join(networks)})" if networks else "no NIC"


def _several_queues(machine: "Machine", ends: Ends) -> Iterable[str]:
    """``vectors`` is what libvirt gives: two for each queue, one for control, one for changes."""
    if not ends.tap:
        return ()
    queues = f"mq=on,vectors={2 * machine.vcpus + 2}," if machine.vcpus > 1 else ""
    spare = ("-device", f"pcie-root-port,id={SPARE_PORT},chassis=1")
    return (
        *("-netdev", _tap("net1", ends.tap)),
        *("-netdev", _tap(SPARE_NETDEV, ends.spare_tap)),
        *(spare if machine.has_express else ()),
        *("-device", f"virtio-net-pci,netdev=net1,mac={MULTIQUEUE_MAC},{queues}romfile="),
    )


def _tap(name: str, queues: tuple[int, ...]) -> str:
    descriptors = ":".join(str(descriptor) for descriptor in queues)
    return f"tap,id={name},fds={descriptors},vhost=off"


def _rng(machine: "Machine", _: Ends) -> Iterable[str]:
    if not machine.rng:
        return ()
    back_end = f"rng-random,id=entropy,filename={ENTROPY}"
    return ("-object", back_end, "-device", "virtio-rng-pci,rng=entropy")


def _tpm_given(request: Request) -> str | None:
    """Nova gives a TPM for its version, and none for its model alone."""
    if request.image("hw_tpm_version") != "2.0":
        return None
    return request.image("hw_tpm_model") or "tpm-tis"


def _tpm(machine: "Machine", ends: Ends) -> Iterable[str]:
    if machine.tpm is None:
        return ()
    return (
        *("-chardev", f"{ends.channels['tpm']},id=tpm"),
        *("-tpmdev", "emulator,id=tpm0,chardev=tpm"),
        *("-device", f"{machine.tpm},tpmdev=tpm0"),
    )


def _packed_ring_given(request: Request) -> bool:
    return request.is_on("hw_virtio_packed_ring") or request.is_on("hw:virtio_packed_ring")


def _packed_ring(machine: "Machine", driver: str) -> str:
    """Nova sets it for NICs alone."""
    return ",packed=on" if machine.packed_ring and driver == "virtio-net-pci" else ""


def _serial_ports_given(request: Request) -> int:
    """The image may ask for fewer than its flavor; to Nova 0 is no number at all."""
    asked = (request.image("hw_serial_port_count"), request.flavor("hw:serial_port_count"))
    numbers = (int(value) for value in asked if value is not None and value.isdecimal())
    return next(filter(None, numbers), 1)


def _port_names(machine: "Machine") -> Iterator[str]:
    return (f"serial{number}" for number in range(1, machine.serial_ports))


def _serial_ports(machine: "Machine", ends: Ends) -> Iterator[str]:
    """Those beside the console, which every machine has."""
    for name in _port_names(machine):
        yield from ("-chardev", f"{ends.channels[name]},id={name}", "-serial", f"chardev:{name}")


def _vcpus_text(machine: "Machine") -> str:
    text = f"{machine.vcpus} vCPU{'s' * (machine.vcpus != 1)}"
    topology = machine.topology
    if topology is None:
        return text
    numbers = (topology.sockets, topology.cores, topology.threads)
    return f"{text} (sockets × cores × threads: {' × '.join(map(str, numbers))})"


@dataclass(frozen=True)
class Machine:
    """The virtual hardware that Nova would give a guest.

    Each field declares what it is given for, how it is told and what it means to QEMU. Its default
    is what Nova gives where nobody asks for anything; a field that has it is not written down.

    Source: Nova's libvirt driver (``nova/virt/libvirt/driver.py``, ``config.py`` and
    ``blockinfo.py``).
    """

    architecture: Annotated[
        Name,
        Device(
            given=_architecture,
            text=lambda machine: (
                "" if machine.architecture == X86_64.name else machine.architecture
            ),
        ),
    ] = X86_64.name
    """Of its processors."""
    firmware: Annotated[
        Firmware, Device(given=lambda request: request.firmware, text=lambda _: "")
    ] = "bios"
    vcpus: Annotated[int, Device(given=lambda request: request.vcpus, text=_vcpus_text)] = 2
    memory_mib: Annotated[
        int,
        Device(given=lambda _: 1024, text=lambda machine: f"{machine.memory_mib} MiB"),
    ] = 1024
    disk_bus: Annotated[
        Literal["virtio", "scsi"],
        Device(
            given=_disk_bus,
            text=lambda machine: f"virtio-{'scsi' if machine.disk_bus == 'scsi' else 'blk'} disk",
            arguments=_disk,
        ),
    ] = "virtio"
    discard: Annotated[
        bool,
        Device(
            given=lambda _: True,
            text=lambda machine: "" if machine.discard else "no discard",
        ),
    ] = True
    """Whether the host takes back what the guest discards: ``[libvirt] hw_disk_discard=unmap``."""
    guest_agent: Annotated[
        bool,
        Device(
            given=lambda request: request.is_on("hw_qemu_guest_agent"),
            text=lambda machine: "agent channel" if machine.guest_agent else "",
            arguments=_agent,
            channels=lambda machine: ("agent",) if machine.guest_agent else (),
        ),
    ] = False
    """A virtio-serial port of the agent's name."""
    watchdog: Annotated[
        Watchdog | None,
        Device(
            given=_watchdog_given,
            text=lambda machine: f"i6300esb ({machine.watchdog})" if machine.watchdog else "",
            arguments=_watchdog,
        ),
    ] = None
    """What QEMU does when the watchdog fires; None gives no device."""
    nics: Annotated[
        tuple[Nic, ...],
        Device(given=lambda _: (FIRST_NIC,), text=_nics_text, arguments=_nics),
    ] = (FIRST_NIC,)
    """A guest without one that is not silent cannot be logged in to."""
    multiqueue: Annotated[
        bool,
        Device(
            given=lambda request: request.is_on("hw_vif_multiqueue_enabled"),
            text=lambda machine: "multiqueue NIC" if machine.multiqueue else "",
            arguments=_several_queues,
        ),
    ] = False
    """A second NIC on a tap device with as many queues as vCPUs, and the back end ``SPARE_NETDEV``
    of a third one, which is not plugged."""
    topology: Annotated[
        Topology | None,
        Device(given=lambda request: request.topology, text=lambda _: ""),
    ] = None
    """Sockets, cores and threads; None gives each vCPU a socket of its own, as Nova does."""
    secure_boot: Annotated[
        bool,
        Device(
            given=lambda request: (
                request.firmware == "uefi" and request.image("os_secure_boot") == "required"
            ),
            text=lambda machine: "Secure Boot" if machine.secure_boot else "",
        ),
    ] = False
    """UEFI that enforces Secure Boot with Microsoft's keys."""
    rng: Annotated[
        bool,
        Device(
            given=lambda request: request.is_on("hw_rng:allowed", default=True),
            text=lambda machine: "" if machine.rng else "no virtio-rng",
            arguments=_rng,
        ),
    ] = True
    """A virtio-rng device."""
    tpm: Annotated[
        Literal["tpm-tis", "tpm-crb"] | None,
        Device(
            given=_tpm_given,
            text=lambda machine: machine.tpm or "",
            arguments=_tpm,
            channels=lambda machine: ("tpm",) if machine.tpm else (),
        ),
    ] = None
    """The model of an emulated TPM 2.0."""
    machine_type: Annotated[
        Literal["pc", "q35", "virt"],
        Device(
            given=_machine_type,
            text=lambda machine: "q35" if machine.machine_type == "q35" else "",
        ),
    ] = "pc"
    """The older chipset with PCI, that with PCI Express, or the only one of AArch64."""
    packed_ring: Annotated[
        bool,
        Device(
            given=_packed_ring_given,
            text=lambda machine: "packed rings" if machine.packed_ring else "",
            options=_packed_ring,
        ),
    ] = False
    """Whether NICs offer packed rings (virtio 1.1)."""
    serial_ports: Annotated[
        int,
        Device(
            given=_serial_ports_given,
            text=lambda machine: (
                f"{machine.serial_ports} serial ports" if machine.serial_ports > 1 else ""
            ),
            arguments=_serial_ports,
            terminals=_port_names,
        ),
    ] = 1
    """The console is the first; ``serial1`` is the terminal on the second."""

    @property
    def has_express(self) -> bool:
        """Whether its devices are plugged into ports of PCI Express."""
        return self.machine_type != "pc"


@cache
def declared() -> Mapping[str, Device]:
    """The declaration of each field of a machine, in their order."""
    hints = get_type_hints(Machine, include_extras=True)
    return {field.name: _declaration(hints[field.name]) for field in fields(Machine)}


def _declaration(hint: Any) -> Device:  # Any: a type with its annotations
    (device,) = (note for note in hint.__metadata__ if isinstance(note, Device))
    return device


def devices() -> Iterator[Device]:
    """The declarations of all parts of a machine."""
    yield from declared().values()


def machine_text(machine: Machine) -> str:
    """The virtual hardware of a boot, in a few words."""
    return ", ".join(text for device in devices() if (text := device.text(machine)))


def changed(machine: Machine) -> dict[str, object]:
    """The fields that differ from their defaults, which are all that is written down of it."""
    defaults = {field.name: field.default for field in fields(machine)}
    values = {name: getattr(machine, name) for name in defaults}
    return {name: value for name, value in values.items() if value != defaults[name]}
