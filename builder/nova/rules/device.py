"""Devices: random numbers, watchdog, graphics, serial ports, IOMMU, sound, USB, NICs."""

from collections.abc import Iterator

from builder.nova import topology
from builder.nova.request import Request
from builder.nova.rules.rule import (
    Agreement,
    Dependence,
    NovaConflict,
    Precedence,
    Rule,
    ignored,
    refused,
)

NIC_MODELS = (
    "virtio", "e1000", "e1000e", "igb", "ne2k_pci", "pcnet", "rtl8139", "spapr-vlan", "vmxnet3",
)  # fmt: skip
"""Those of KVM: ``SUPPORTED_VIF_MODELS`` of the libvirt driver."""
SERIAL_PORTS = 3
"""The most that the libvirt driver gives: QEMU has four, and one is Nova's own console."""


def _nic_of_another_hypervisor(request: Request) -> Iterator[NovaConflict]:
    model = request.image("hw_vif_model")
    if model is not None and model not in NIC_MODELS:
        yield refused(
            "hw_vif_model",
            f"Nova refuses a NIC of the model {model} on KVM",
            "Leave it away, or make it virtio.",
            "UnsupportedHardware",
        )


def _more_video_memory_than_flavor(request: Request) -> Iterator[NovaConflict]:
    """``_add_video_driver`` of the libvirt driver: a flavor that says nothing allows nothing."""
    limit = topology.number(request.flavor("hw_video:ram_max_mb"))
    if topology.number(request.image("hw_video_ram")) > limit:
        yield refused(
            "hw_video_ram",
            f"the flavor allows {limit} MiB",
            "Allow as much in the flavor's hw_video:ram_max_mb.",
            "RequestedVRamTooHigh",
        )


def _more_ports_than_flavor(request: Request) -> Iterator[NovaConflict]:
    """``get_number_of_serial_ports``."""
    of_image = topology.number(request.image("hw_serial_port_count"))
    of_flavor = topology.number(request.flavor("hw:serial_port_count"))
    if of_flavor and of_image > of_flavor:
        yield refused(
            "hw_serial_port_count",
            f"the flavor allows {of_flavor} only",
            "Ask for as many in hw:serial_port_count.",
            "ImageSerialPortNumberExceedFlavorValue",
        )
    if (of_image or of_flavor) > SERIAL_PORTS:
        yield refused(
            "hw_serial_port_count" if of_image else "hw:serial_port_count",
            f"a host with serial consoles gives {SERIAL_PORTS} ports at most",
            f"Ask for {SERIAL_PORTS} or fewer.",
            "SerialPortNumberLimitExceeded",
        )


def _iommu_of_another_machine(request: Request) -> Iterator[NovaConflict]:
    """``_get_iommu_model`` of the libvirt driver."""
    needed = {"x86_64": "q35", "i686": "q35", "aarch64": "virt"}
    machine = needed.get(request.emulated_architecture)
    if machine is not None and machine in request.machine_type:
        return
    for name in ("hw:viommu_model", "hw_viommu_model"):
        if request.value(name) is None:
            continue
        if machine is None:
            yield refused(
                name,
                f"Nova gives guests of {request.emulated_architecture} no IOMMU",
                "Leave it away.",
                "InvalidVIOMMUArchitecture",
            )
        else:
            yield refused(
                name,
                f"without hw_machine_type={machine} Nova refuses it",
                f"Claim hw_machine_type={machine} as well.",
                "InvalidVIOMMUMachineType",
            )
        return


def _redirected_usb_ports(request: Request) -> Iterator[NovaConflict]:
    """``get_redirected_usb_ports`` compares the image's number with the flavor's text."""
    of_image = topology.number(request.image("hw_redirected_usb_ports"))
    of_flavor = request.flavor("hw:redirected_usb_ports")
    if of_image and of_flavor:
        yield refused(
            "hw_redirected_usb_ports",
            "Nova refuses it beside the flavor's hw:redirected_usb_ports, even the same number",
            "Leave it to one of the two.",
            "FlavorImageConflict",
        )


def _queues_of_one_vcpu(request: Request) -> Iterator[NovaConflict]:
    parts = {request.image(f"hw_cpu_{part}") for part in topology.PARTS}
    if request.is_on("hw_vif_multiqueue_enabled") and parts == {"1"}:
        yield ignored(
            "hw_vif_multiqueue_enabled",
            "a guest with one vCPU gets one queue",
            "Ask for more sockets, cores or threads.",
        )


DEVICE: tuple[Rule, ...] = (
    Dependence(
        "hw_rng_model",
        lambda request: request.is_on("hw_rng:allowed", default=True),
        "with hw_rng:allowed=False in the flavor the guest gets no random number generator",
        "Allow it in the flavor.",
    ),
    Precedence("hw_watchdog_action", "hw:watchdog_action"),
    Precedence("hw_boot_menu", "hw:boot_menu", boolean=True),
    _more_video_memory_than_flavor,
    _more_ports_than_flavor,
    Precedence("hw:viommu_model", "hw_viommu_model"),
    _iommu_of_another_machine,
    Agreement("hw:sound_model", boolean=False),
    Agreement("hw:usb_model", boolean=False),
    _redirected_usb_ports,
    _nic_of_another_hypervisor,
    Agreement("hw:virtio_packed_ring"),
    Agreement("hw:vif_multiqueue_enabled", when=lambda request: request.flavor_vcpus != 1),
    _queues_of_one_vcpu,
    Dependence(
        "hw_vif_multiqueue_enabled",
        lambda request: request.image("hw_vif_model") in (None, "virtio"),
        "a NIC of another model than virtio has one queue only, and Nova says nothing",
        "Leave hw_vif_model away, or make it virtio.",
        boolean=True,
    ),
)
