"""Where a compute host's topology is read from: a file of ``lscpu -J``, or a copy of its sysfs."""

from collections.abc import Iterator
from pathlib import Path

from builder.cloud.compute_host.topology import HostTopology, from_lscpu, from_sysfs
from builder.errors import InputError

SIZE_LIMIT = 16 << 20
"""Bytes; lscpu writes 150 of one CPU."""

_PATTERNS = (
    "cpu/online",
    "cpu/present",
    "cpu/cpu[0-9]*/topology/physical_package_id",
    "cpu/cpu[0-9]*/topology/thread_siblings_list",
    "node/node[0-9]*/cpulist",
    "node/node[0-9]*/meminfo",
)


def read_topology(path: Path) -> HostTopology:
    """The host's topology: ``/sys/devices/system`` or a copy, else JSON. Raises ``InputError``."""
    if path.is_dir():
        return from_sysfs(dict(_sysfs(path)), str(path))
    return from_lscpu(_text(path), str(path))


def _sysfs(directory: Path) -> Iterator[tuple[str, str]]:
    for pattern in _PATTERNS:
        for file in directory.glob(pattern):
            # tar pads a file of sysfs with zeros: it has fewer bytes than it says.
            yield str(file.relative_to(directory)), _text(file).strip("\0\n ")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(SIZE_LIMIT + 1)
        text = content.decode()
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise _unreadable(path, "it is not text") from error
    if len(content) > SIZE_LIMIT:
        raise _unreadable(path, f"it has more than {SIZE_LIMIT >> 20} MiB")
    return text


def _unreadable(path: Path, reason: str) -> InputError:
    return InputError(
        f"{path} cannot be read: {reason}.",
        hint="Name a file that 'lscpu -J' has written on the compute host.",
    )
