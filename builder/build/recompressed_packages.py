"""Packages that are quick to unpack, kept: to undo xz takes a fifth of a cold build's CPU time.

dpkg reads files that are compressed with zstd as well, since 1.21.18, in a tenth of the time. Such
a package is none that an archive has signed. So it is named by the SHA-256 of the one it was made
of, and used only where that one has been verified; and, as a kept system, only where nobody else
can have written it.

apt compares the size of every file in its archive directory with its index. So what was signed lies
there until apt has looked, and what is quick takes its place before dpkg does (``APT_SETTING``).
"""

import contextlib
import errno
import hashlib
import os
import shutil
import subprocess  # noqa: TID251 - one program writes into another one's pipe
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import BinaryIO

from builder.build.own_files import are_own

DIRECTORY = "recompressed"
"""Of the cache, and of apt's archives where a build's own copies lie."""

APT_SETTING = (
    'DPkg::Pre-Install-Pkgs {"while read -r deb; do'
    " test -e $deb || deb=/var/cache/apt/archives/${deb##*/};"
    f" quick=${{deb%/*}}/{DIRECTORY}/${{deb##*/}};"
    ' test ! -e $quick || mv $quick $deb; done"; };\n'
)
"""Takes the place of each file that dpkg is about to get.

Where apt installs into another root, as mmdebstrap has it, it names files by their paths outside
and runs this inside (``DPkg::Chroot-Directory``).
"""

_LIMIT = 600.0
_MAGIC = b"!<arch>\n"
_HEAD = 60
"""Bytes of the head of an ar(5) archive's member: name 16, time 12, owners 12, mode 8, size 10."""
_SLOW, _QUICK = b"data.tar.xz", b"data.tar.zst"


def take(pool: Path, archives: Path, digests: Mapping[str, str]) -> None:
    """Copy what is kept of verified packages: ``digests`` has their SHA-256 by their names."""
    directory = archives / DIRECTORY
    for name, digest in digests.items():
        kept = _place(pool, digest)
        if are_own((pool.parent, pool, kept)):
            directory.mkdir(exist_ok=True)
            shutil.copyfile(kept, directory / name)
            os.utime(kept)


def keep(pool: Path, packages: Iterable[Path]) -> None:
    """Keep packages that were verified, as far as xz has compressed them.

    Raises ``OSError``.
    """
    pool.mkdir(mode=0o755, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        for _ in workers.map(partial(_keep, pool), packages):
            pass


def _place(pool: Path, digest: str) -> Path:
    return pool / f"{digest}.deb"


def _keep(pool: Path, package: Path) -> None:
    with package.open("rb") as source:
        if not _is_slow(source):
            return
        place = _place(pool, hashlib.file_digest(source, "sha256").hexdigest())
        if are_own((place,)):
            return
        handle, partial_name = tempfile.mkstemp(dir=pool, prefix=".")
        try:
            with os.fdopen(handle, "wb") as target:
                _repack(package, source, target)
            Path(partial_name).replace(place)
        finally:
            with contextlib.suppress(FileNotFoundError):
                Path(partial_name).unlink()


def _is_slow(package: BinaryIO) -> bool:
    """Whether the files in it are compressed with xz; its place is its beginning afterwards."""
    try:
        if package.read(len(_MAGIC)) != _MAGIC:
            return False
        while head := package.read(_HEAD):
            if _name(head) == _SLOW:
                return True
            package.seek(_padded(_size(head)), os.SEEK_CUR)
    except ValueError:
        return False
    finally:
        package.seek(0)
    return False


def _name(head: bytes) -> bytes:
    return head[:16].rstrip(b" /")


def _size(head: bytes) -> int:
    return int(head[48:58])


def _padded(size: int) -> int:
    """Members begin at even places."""
    return size + size % 2


def _repack(path: Path, source: BinaryIO, target: BinaryIO) -> None:
    source.seek(len(_MAGIC))
    target.write(_MAGIC)
    while head := source.read(_HEAD):
        size = _padded(_size(head))
        if _name(head) != _SLOW:
            target.write(head + source.read(size))
            continue
        source.seek(size, os.SEEK_CUR)
        start = target.tell()
        target.write(bytes(_HEAD))
        target.flush()
        _recompress(path, target)
        written = target.seek(0, os.SEEK_END) - start - _HEAD
        target.write(b"\n" * (written % 2))
        target.seek(start)
        target.write(_QUICK.ljust(16) + head[16:48] + b"%-10d" % written + head[58:])
        target.seek(0, os.SEEK_END)


def _recompress(package: Path, target: BinaryIO) -> None:
    reader = ("dpkg-deb", "--fsys-tarfile", package)
    try:
        with subprocess.Popen(reader, stdout=subprocess.PIPE) as tar:  # noqa: S603 - fixed words and our own path
            subprocess.run(
                ("zstd", "-q", "-1"),  # noqa: S607 - Debian's
                stdin=tar.stdout, stdout=target, timeout=_LIMIT, check=True,
            )  # fmt: skip
    except subprocess.SubprocessError as error:
        raise OSError(errno.EIO, str(error)) from error
    if tar.returncode:
        raise OSError(errno.EIO, f"dpkg-deb ended with exit code {tar.returncode}")
