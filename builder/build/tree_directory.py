"""Whether a directory can hold a system's files: not every file system, nor every mount, can."""

import os
import stat
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from builder.errors import HostError

# Linux, include/uapi/linux/capability.h: revision 2, effective, CAP_NET_RAW as ping has it.
_CAPABILITY = struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0)


def require_tree_directory(directory: Path) -> None:
    """Raise ``HostError`` with all that a system's files could not have in the directory.

    Without it a package's script fails in the middle of a build, or falls back to something else
    without a word: a ping without its capability becomes setuid.
    """
    probe = directory / "probe"
    probe.mkdir()
    try:
        lacks = [*_lacks(probe)]
    finally:
        for path in probe.iterdir():
            path.unlink()
        probe.rmdir()
    if lacks:
        raise HostError(
            f"No system can be unpacked in {directory}.",
            details=[f"Its file system has {lack}." for lack in lacks],
            hint="Choose another directory with --output, or free memory: with 4 GiB available a"
            " build keeps these files there.",
        )


def _lacks(probe: Path) -> Iterator[str]:
    file = probe / "file"
    file.touch()
    attempts: dict[str, Callable[[], object]] = {
        "no owners": lambda: os.chown(file, 1, 1),
        "no modes": lambda: _set_mode(file, 0o4751),
        "no capabilities of files (extended attributes)": lambda: os.setxattr(
            file, "security.capability", _CAPABILITY
        ),
        "no symbolic links": lambda: (probe / "link").symlink_to("file"),
        "no hard links": lambda: (probe / "hard").hardlink_to(file),
        "one file of the names 'FILE' and 'file'": lambda: (probe / "FILE").touch(exist_ok=False),
    }
    for lack, attempt in attempts.items():
        try:
            attempt()
        except OSError as error:
            yield f"{lack} ({error.strerror})"
    if os.statvfs(probe).f_flag & os.ST_NOEXEC:
        yield "no programs (it is mounted noexec)"


def _set_mode(file: Path, mode: int) -> None:
    file.chmod(mode)
    if stat.S_IMODE(file.stat().st_mode) != mode:
        raise PermissionError(0, "the mode is another one afterwards")
