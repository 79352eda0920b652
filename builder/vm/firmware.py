"""UEFI firmware of this host."""

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder.architecture import ARCHITECTURES
from builder.errors import HostError
from builder.feature import Machine
from builder.host.debian_packages import installation


@dataclass(frozen=True)
class Firmware:
    """UEFI firmware: its code, shared and read-only, and this guest's own variables."""

    code: Path
    variables: Path


CHIPSETS = {"pc": "pc-i440fx", "q35": "pc-q35", "virt": "virt"}
"""What a machine type's own name begins with, by the name that it is asked for by."""


def firmware_paths(
    descriptors: Iterable[Mapping[str, Any]], machine: Machine
) -> tuple[Path, Path] | None:
    """UEFI code and variables template for a machine, or None where no descriptor has them.

    ``descriptors`` are the files in ``/usr/share/qemu/firmware``, by name, as QEMU's
    ``docs/interop/firmware.json`` defines them (Any: their JSON). With Secure Boot the firmware
    enforces it, by the keys of a PC's firmware, which are Microsoft's; without, it cannot.
    """
    for descriptor in descriptors:
        targets = [
            target
            for target in descriptor["targets"]
            if target["architecture"] == machine.architecture
            and any(name.startswith(CHIPSETS[machine.machine_type]) for name in target["machines"])
        ]
        mapping = descriptor["mapping"]
        if (
            targets
            and "uefi" in descriptor["interface-types"]
            and _enforces_secure_boot(descriptor) is machine.secure_boot
            and mapping["device"] == "flash"
            and "nvram-template" in mapping
            and mapping["executable"]["format"] == "raw"
        ):
            code = Path(mapping["executable"]["filename"])
            return code, Path(mapping["nvram-template"]["filename"])
    return None


def _enforces_secure_boot(descriptor: Mapping[str, Any]) -> bool | None:
    """None for firmware that could, but has no keys."""
    features = descriptor["features"]
    if "secure-boot" not in features:
        return False
    return True if "enrolled-keys" in features else None


FIRMWARE_DESCRIPTORS = Path("/usr/share/qemu/firmware")


def uefi_files(machine: Machine) -> tuple[Path, Path]:
    """This host's UEFI code for a machine, and the template of its variables.

    Raises ``HostError`` where there is none of the kind that the machine has.
    """
    descriptors = [
        json.loads(path.read_text()) for path in sorted(FIRMWARE_DESCRIPTORS.glob("*.json"))
    ]
    paths = firmware_paths(descriptors, machine)
    if paths is None or not all(path.exists() for path in paths):
        kind = "UEFI firmware with Secure Boot and keys" if machine.secure_boot else "UEFI firmware"
        package = ARCHITECTURES[machine.architecture].firmware_package
        raise HostError(
            f"There is no {kind} for QEMU on this machine.",
            details=[f"looked in {FIRMWARE_DESCRIPTORS}"],
            hint=f"Install it: {installation([package])}.",
        )
    return paths


def uefi_kinds(machines: Iterable[Machine]) -> Iterable[Machine]:
    """Of the machines one for each kind of UEFI firmware that they start from."""
    return {
        (machine.architecture, machine.machine_type, machine.secure_boot): machine
        for machine in machines
        if machine.firmware == "uefi"
    }.values()


def uefi_firmware(machine: Machine, workdir: Path) -> Firmware:
    """This host's UEFI code, and variables of its own for one guest, made in ``workdir``.

    Raises ``HostError`` where there is none of the kind that the machine has.
    """
    code, template = uefi_files(machine)
    variables = workdir / "uefi-variables.fd"
    shutil.copyfile(template, variables)
    return Firmware(code, variables)
