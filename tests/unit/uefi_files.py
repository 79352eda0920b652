"""UEFI firmware of a host in a test, with and without Secure Boot, as QEMU is told of it."""

import json
from pathlib import Path

KINDS: dict[str, list[str]] = {"": [], ".secure": ["secure-boot", "enrolled-keys"]}
"""What is in the names of the files, and the features."""


def write_uefi_files(directory: Path, descriptors: Path) -> None:
    """Write code and variables of both into one directory, their descriptors into another."""
    descriptors.mkdir(exist_ok=True)
    for kind, features in KINDS.items():
        code, variables = directory / f"CODE{kind}.fd", directory / f"VARS{kind}.fd"
        code.touch()
        variables.touch()
        machines = ["pc-i440fx-*", "pc-q35-*"]
        descriptor = {
            "interface-types": ["uefi"],
            "features": features,
            "targets": [{"architecture": "x86_64", "machines": machines}],
            "mapping": {
                "device": "flash",
                "executable": {"format": "raw", "filename": str(code)},
                "nvram-template": {"filename": str(variables)},
            },
        }
        (descriptors / f"60{kind}.json").write_text(json.dumps(descriptor))
