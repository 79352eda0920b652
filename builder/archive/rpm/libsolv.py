"""libsolv's Python binding, which is no PyPI package: found, loaded, or said to be missing."""

import importlib
import sys
from contextlib import suppress
from types import ModuleType

from builder.errors import HostError
from builder.host.system_modules import load_system_module


def load_libsolv() -> ModuleType:
    """The binding. Raises ``HostError`` where it is not there, or cannot be loaded."""
    with suppress(ImportError):
        return importlib.import_module("solv")
    broken = ""
    try:
        binding = load_system_module("solv", "_solv")
    except ImportError as error:
        binding, broken = None, str(error)
    if binding is None:
        raise HostError(
            "libsolv, which knows what is new among RPM packages, cannot be loaded."
            if broken
            else "libsolv, which knows what is new among RPM packages, is not installed for this"
            f" Python ({sys.version_info.major}.{sys.version_info.minor}).",
            details=[broken] if broken else [],
            hint="Install it: apt-get install python3-solv (or run 'make host'), and make the"
            " virtual environment with the system's own /usr/bin/python3.",
        )
    return binding
