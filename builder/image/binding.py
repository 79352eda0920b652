"""libguestfs' Python binding, which is no PyPI package: found, loaded, or said to be missing."""

import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType

from builder.errors import HostError

# The binding is no PyPI package: Debian, and Fedora, install it for the system's Python only.
_BINDINGS = (
    Path("/usr/lib/python3/dist-packages"),
    Path(f"/usr/lib64/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"),
)

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
    """Import the binding from where the system's packages put it, without searching there.

    Its directory on ``sys.path`` would let every other package of the system shadow ours.
    """
    name = "guestfs"
    with suppress(ImportError):
        return importlib.import_module(name)
    for directory in _BINDINGS:
        for suffix in importlib.machinery.EXTENSION_SUFFIXES:
            library = directory / f"libguestfsmod{suffix}"
            if library.exists() and (directory / "guestfs.py").exists():
                try:
                    _load("libguestfsmod", library)
                    return _load(name, directory / "guestfs.py")
                except ImportError as error:
                    raise HostError(
                        "libguestfs cannot be loaded.",
                        details=[str(error)],
                        hint="Install it again: apt-get install --reinstall python3-guestfs.",
                    ) from error
    raise HostError(
        "libguestfs' Python binding is not installed for this Python"
        f" ({sys.version_info.major}.{sys.version_info.minor}).",
        hint="Install it: apt-get install python3-guestfs (or run 'make host'), and make the"
        " virtual environment with the system's own /usr/bin/python3.",
    )


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


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
