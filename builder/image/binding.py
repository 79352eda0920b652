"""libguestfs' Python binding, which is no PyPI package: found, loaded, or said to be missing."""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType

from builder.errors import HostError
from builder.host.system_modules import load_system_module

_ROOT = Path("/")

_KERNELS = ("boot/vmlinuz-*", "boot/vmlinux-*", "lib/modules/*/vmlinuz")

_OWN_APPLIANCE = ("LIBGUESTFS_PATH", "SUPERMIN_KERNEL")  # no kernel of /boot is needed then


def missing_requirements() -> Iterator[HostError]:
    """What this machine lacks for libguestfs, as far as can be told without starting it."""
    for need in (load_binding, require_kernel):
        try:
            need()
        except HostError as error:
            yield error


def version() -> str:
    """The version of libguestfs. Raises ``HostError`` where it cannot be loaded."""
    numbers = load_binding().GuestFS(python_return_dict=True).version()
    return "{major}.{minor}.{release}{extra}".format_map(numbers)


def load_binding() -> ModuleType:
    """Import the binding from where the system's packages put it."""
    with suppress(ImportError):
        return importlib.import_module("guestfs")
    try:
        binding = load_system_module("guestfs", "libguestfsmod")
    except ImportError as error:
        raise HostError(
            "libguestfs cannot be loaded.",
            details=[str(error)],
            hint="Install it again: apt-get install --reinstall python3-guestfs.",
        ) from error
    if binding is None:
        raise HostError(
            "libguestfs' Python binding is not installed for this Python"
            f" ({sys.version_info.major}.{sys.version_info.minor}).",
            hint="Install it: apt-get install python3-guestfs (or run 'make host'), and make the"
            " virtual environment with the system's own /usr/bin/python3.",
        )
    return binding


def require_kernel() -> None:
    """Refuse early what supermin would only report as a failed build of its appliance."""
    if any(os.environ.get(variable) for variable in _OWN_APPLIANCE):
        return
    found = [path for pattern in _KERNELS for path in _ROOT.glob(pattern)]
    if any(os.access(path, os.R_OK) for path in found):
        return
    if found:
        raise HostError(
            "libguestfs needs a kernel that it can read.",
            details=[f"unreadable: {path}" for path in found],
            hint="Let everyone read it: chmod 0644 /boot/vmlinuz-*.",
        )
    raise HostError(
        "libguestfs needs a kernel in /boot, and this machine has none.",
        hint="Install one: apt-get install linux-image-cloud-amd64 (or run 'make host').",
    )
