"""The hardware that Nova gives a guest for its image's properties. Pure."""

from collections.abc import Mapping
from typing import Any

from builder.feature import Firmware, Machine
from builder.nova import topology
from builder.nova.properties import is_true


def firmwares(properties: Mapping[str, str]) -> tuple[Firmware, ...]:
    """The firmwares that Nova may start a guest with these image properties by.

    An image that names none is started by whichever its host's machine type has.
    """
    match properties.get("hw_firmware_type"):
        case "bios":
            return ("bios",)
        case "uefi":
            return ("uefi",)
        case _:
            return ("bios", "uefi")


def machine(properties: Mapping[str, str], firmware: Firmware) -> Machine:
    """The virtual hardware that Nova would give a guest with these image properties."""
    scsi = (
        properties.get("hw_disk_bus") == "scsi" and properties.get("hw_scsi_model") == "virtio-scsi"
    )
    action = properties.get("hw_watchdog_action", "disabled")
    watchdog: Any = None if action == "disabled" else action  # Any: Machine names the actions
    wish = topology.wished(properties, "hw_cpu_")
    vcpus = topology.vcpus(wish)
    tpm: Any = None  # Any: Machine names the models
    if properties.get("hw_tpm_version") == "2.0":
        tpm = properties.get("hw_tpm_model", "tpm-tis")
    return Machine(
        firmware=firmware,
        vcpus=vcpus,
        topology=topology.best(wish, vcpus) if any(wish) else None,
        disk_bus="scsi" if scsi else "virtio",
        guest_agent=is_true(properties.get("hw_qemu_guest_agent")),
        watchdog=watchdog,
        multiqueue=is_true(properties.get("hw_vif_multiqueue_enabled")),
        secure_boot=firmware == "uefi" and properties.get("os_secure_boot") == "required",
        rng=properties.get("hw_rng_model") == "virtio",
        tpm=tpm,
    )
