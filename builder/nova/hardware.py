"""The hardware that Nova gives a guest for its image's properties and its flavor. Pure."""

from collections.abc import Mapping
from typing import Any

from builder.architecture import ARCHITECTURES
from builder.feature import Firmware, Machine
from builder.feature.machine import declared
from builder.nova.request import Request


def firmwares(properties: Mapping[str, str]) -> tuple[Firmware, ...]:
    """The firmwares that Nova may start a guest with these image properties by.

    An image that names none is started by BIOS, and by UEFI as soon as whoever runs a cloud says
    so on the image. On AArch64 that is UEFI alone (``_configure_guest_by_virt_type``).
    """
    match properties.get("hw_firmware_type"):
        case "bios":
            return ("bios",)
        case "uefi":
            return ("uefi",)
        case None if not _has_bios(properties):
            return ("uefi",)
        case _:
            return ("bios", "uefi")


def _has_bios(properties: Mapping[str, str]) -> bool:
    found = ARCHITECTURES.get(Request(properties, {}).architecture)
    return found is None or found.has_bios


def machine(
    properties: Mapping[str, str], firmware: Firmware, flavor: Mapping[str, str] | None = None
) -> Machine:
    """The virtual hardware that Nova would give a guest of these properties and extra specs."""
    request = Request(properties, flavor or {}, firmware)
    given: dict[str, Any] = {  # Any: each field's own type
        name: device.given(request) for name, device in declared().items()
    }
    return Machine(**given)
